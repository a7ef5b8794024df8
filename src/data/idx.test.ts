import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIdx, readIdxImages, readIdxLabels, readIdxPair } from "./idx.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ocelli-idx-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An IDX file: header for `dims`, then `data`. */
function idx(dims: number[], data: number[] | Uint8Array, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header[2] = type;
  header[3] = dims.length;
  dims.forEach((dim, axis) => {
    header.writeUInt32BE(dim, 4 + 4 * axis);
  });
  return Buffer.concat([header, Buffer.from(data)]);
}

let files = 0;
async function saved(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `file-${files++}`);
  await writeFile(path, bytes);
  return path;
}

/** Both the plain and the packed form of `bytes`. */
const forms = (bytes: Buffer): [string, Buffer][] => [
  ["plain", bytes],
  ["gzip", gzipSync(bytes)],
];

const IMAGES = idx([2, 2, 3], [0, 1, 2, 3, 4, 255, 6, 7, 8, 9, 10, 11]);
const LABELS = idx([2], [3, 9]);

describe.each(["plain", "gzip"])("%s files", (form) => {
  const pack = (bytes: Buffer) => (form === "gzip" ? gzipSync(bytes) : bytes);

  test("images and labels are read", async () => {
    const { images, labels } = await readIdxPair(await saved(pack(IMAGES)), await saved(pack(LABELS)), 10);
    expect({ ...images, pixels: [...images.pixels] }).toEqual({
      count: 2,
      height: 2,
      width: 3,
      pixels: [0, 1, 2, 3, 4, 255, 6, 7, 8, 9, 10, 11],
    });
    expect([...labels]).toEqual([3, 9]);
  });

  test("any number of dimensions is read", async () => {
    const { dims, data } = await readIdx(await saved(pack(idx([1, 2, 1, 2], [4, 3, 2, 1]))));
    expect(dims).toEqual([1, 2, 1, 2]);
    expect([...data]).toEqual([4, 3, 2, 1]);
  });
});

const NOISY = idx(
  [100, 100, 1],
  Uint8Array.from({ length: 10_000 }, (_, i) => (i * i * 7919) % 251),
);
const corrupted = gzipSync(NOISY);
corrupted.fill(0x55, 300, 340);
const wrongChecksum = gzipSync(IMAGES);
wrongChecksum.writeUInt32LE(1, wrongChecksum.length - 8);

test.each([
  ["signed bytes", 9, [7, 127], [7, 127]],
  ["16-bit integers", 11, [0, 255, 0, 3], [255, 3]],
  ["32-bit integers", 12, [0, 0, 0, 9], [9]],
  ["32-bit floats", 13, [0x43, 0x7f, 0, 0], [255]],
  ["64-bit floats", 14, [0x40, 0x24, 0, 0, 0, 0, 0, 0], [10]],
] as const)("%s are read where they are whole numbers of a byte", async (_, type, bytes, values) => {
  expect(await readIdx(await saved(idx([values.length], [...bytes], type)))).toEqual({
    dims: [values.length],
    data: Uint8Array.from(values),
  });
});

const refused: [string, Buffer, RegExp][] = [
  ["empty", Buffer.alloc(0), /it is empty/],
  ["gzip of nothing", gzipSync(Buffer.alloc(0)), /it is empty/],
  ["three bytes", Buffer.from([0, 0, 8]), /only 3 bytes/],
  ["text", Buffer.from("<html>404</html>"), /it begins with 3c 68 74 6d/],
  ["no dimensions", Buffer.from([0, 0, 8, 0]), /it begins with 00 00 08 00/],
  [
    "floats",
    idx([2], [0, 0, 0, 0, 0x3f, 0, 0, 0], 13),
    /whole numbers in 0\.\.255 but it holds 32-bit floats, of which number 1 is 0\.5/,
  ],
  ["negative bytes", idx([1], [0xff], 9), /it holds signed bytes, of which number 0 is -1/],
  ["unknown type", idx([1], [0], 99), /another type/],
  ["cut in the header", IMAGES.subarray(0, 9), /truncated in its header, after 9 bytes/],
  ...forms(IMAGES.subarray(0, 20)).map(([form, bytes]): [string, Buffer, RegExp] => [
    `truncated, ${form}`,
    bytes,
    /expected 28 bytes, as its header says \(\[2, 2, 3\]\), but it (is too small|has 20)/,
  ]),
  ["longer, plain", Buffer.concat([IMAGES, Buffer.from([1])]), /expected 28 bytes.*but it has 29/],
  ["longer by one, gzip", gzipSync(Buffer.concat([IMAGES, Buffer.from([1])])), /expected 28 bytes.*there are more/],
  [
    "much longer, gzip",
    gzipSync(Buffer.concat([IMAGES, Buffer.alloc(1_000_000)])),
    /expected 28 bytes.*there are more/,
  ],
  ["cut gzip", gzipSync(NOISY).subarray(0, 200), /gzip data but it is truncated/],
  ["gzip magic only", gzipSync(IMAGES).subarray(0, 2), /it is empty/],
  ["corrupt gzip", corrupted, /gzip data but it is corrupt/],
  ["wrong checksum", wrongChecksum, /gzip data but it is corrupt/],
  ["gzip that is none", Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), /gzip data but it is corrupt/],
  [
    "header of 2^60 elements",
    idx([2 ** 20, 2 ** 20, 2 ** 20], [1]),
    /\[1048576, 1048576, 1048576\]\), but it is too small/,
  ],
  ["packed header of 2^60 elements", gzipSync(idx([2 ** 20, 2 ** 20, 2 ** 20], [1])), /too small/],
];

test.each(refused)("%s is refused with path and hint", async (_, bytes, message) => {
  const path = await saved(bytes);
  const read = readIdx(path);
  await expect(read).rejects.toMatchObject({
    name: "UserError",
    hint: expect.stringMatching(/fetch it again|save them as unsigned bytes/),
  });
  await expect(read).rejects.toThrow(message);
  await expect(read).rejects.toThrow(path);
});

test("a missing file and a folder are refused", async () => {
  await expect(readIdx(join(folder, "none"))).rejects.toThrow(
    /"[^"]+none": expected an IDX file but it does not exist/,
  );
  await expect(readIdx(folder)).rejects.toThrow(/but it is a folder/);
});

test.skipIf(process.getuid?.() === 0 || process.platform === "win32")("an unreadable file is refused", async () => {
  const path = await saved(IMAGES);
  await chmod(path, 0);
  await expect(readIdx(path)).rejects.toThrow(/but it may not be read/);
});

test("images and labels that do not belong together are refused", async () => {
  const images = await saved(IMAGES);
  const labels = await saved(idx([3], [0, 1, 2]));
  await expect(readIdxPair(images, labels)).rejects.toThrow(/expected 2 labels, one per image of .* but it has 3/);
  await expect(readIdxPair(labels, images)).rejects.toMatchObject({ hint: expect.stringMatching(/swapped/) });
});

test("swapped files, no images and labels outside the classes are refused", async () => {
  await expect(readIdxImages(await saved(LABELS))).rejects.toThrow(/expected images, 3 dimensions.*it has 1 \(2\)/);
  await expect(readIdxLabels(await saved(IMAGES))).rejects.toThrow(/expected labels, 1 dimension.*3 \(2×2×3\)/);
  await expect(readIdxImages(await saved(idx([0, 28, 28], [])))).rejects.toThrow(/it holds 0 of 28×28 pixels/);
  await expect(readIdxImages(await saved(idx([5, 0, 28], [])))).rejects.toThrow(/it holds 5 of 0×28 pixels/);
  await expect(readIdxLabels(await saved(LABELS), 9)).rejects.toThrow(/labels in 0..8 but label number 1 is 9/);
});
