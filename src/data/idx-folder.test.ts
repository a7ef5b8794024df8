import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { bandImages, idxFile, writeBandFolder } from "../../tests/bands.ts";
import { loadIdxFolder } from "./idx-folder.ts";
import { loadData } from "./load.ts";

const parent = await mkdtemp(join(tmpdir(), "ocelli-idx-folder-"));
afterAll(() => rm(parent, { recursive: true }));
let count = 0;

/** A folder of 40 and 15 images of 28×28, with `changes` to its files. */
function newFolder(changes: Readonly<Record<string, Uint8Array | null>> = {}): string {
  const folder = join(parent, `folder-${count++}`);
  writeBandFolder(folder, changes);
  return folder;
}

const { images, labels } = bandImages(15);
const TEST_IMAGES = "t10k-images-idx3-ubyte";
const TEST_LABELS = "t10k-labels-idx1-ubyte";

test("two parts, classes by number, and a hash that does not depend on packing or names", async () => {
  const plain = await loadIdxFolder(newFolder());
  expect(plain.train).toMatchObject({ length: 40, shape: [1, 28, 28], classes: ["0", "1", "2"] });
  expect(plain.test).toMatchObject({ length: 15, shape: [1, 28, 28], classes: ["0", "1", "2"] });
  const packed = newFolder({
    [TEST_IMAGES]: null,
    "t10k-images.idx3-ubyte.gz": gzipSync(idxFile([15, 28, 28], images)),
    [TEST_LABELS]: null,
    "t10k-labels-idx1-ubyte.gz": gzipSync(idxFile([15], labels)),
  });
  const again = await loadIdxFolder(packed);
  expect(again.dataHash).toBe(plain.dataHash);
  expect(again.source).toBe(`IDX files in "${packed}"`);
  const other = await loadIdxFolder(newFolder({ [TEST_LABELS]: idxFile([15], labels.toReversed()) }));
  expect(other.dataHash).not.toBe(plain.dataHash);
});

test("pixels 0..1, or 0..255 if asked for", async () => {
  const folder = newFolder();
  const first = async (rawPixels: boolean) => {
    const { test: set } = await loadIdxFolder(folder, { rawPixels });
    return (await set.sample(0, { epoch: 0, rng: undefined as never })).image[0];
  };
  expect([await first(true), await first(false)]).toEqual([images[0], Math.fround((images[0] ?? 0) / 255)]);
});

test("classes.txt names the classes", async () => {
  const folder = newFolder();
  await writeFile(join(folder, "classes.txt"), "top\r\n middle \nbottom\nnone\n");
  expect((await loadIdxFolder(folder)).train.classes).toEqual(["top", "middle", "bottom", "none"]);
  await writeFile(join(folder, "classes.txt"), "top\nmiddle\n");
  await expect(loadIdxFolder(folder)).rejects.toThrow(/expected labels in 0\.\.1 but label number 2 is 2/);
  for (const [text, received] of [
    ["\n", "it names none"],
    ["a\nb\na\n", '"a" is there twice'],
  ] as const) {
    await writeFile(join(folder, "classes.txt"), text);
    await expect(loadIdxFolder(folder)).rejects.toMatchObject({
      name: "UserError",
      message: `"${join(folder, "classes.txt")}": expected the names of the classes, one on each line, but ${received}.`,
    });
  }
});

test.each([
  [
    "two files missing",
    { [TEST_IMAGES]: null, [TEST_LABELS]: null },
    /t10k-images-idx3-ubyte\.gz, t10k-labels-idx1-ubyte\.gz are missing/,
  ],
  ["one file missing", { [TEST_LABELS]: null }, /t10k-labels-idx1-ubyte\.gz is missing/],
  [
    "more labels than images",
    { [TEST_LABELS]: idxFile([16], new Uint8Array(16)) },
    /expected 15 labels, one per image .* but it has 16/,
  ],
  [
    "a test label that training does not have",
    { [TEST_LABELS]: idxFile([15], labels.with(4, 3)) },
    /expected labels in 0\.\.2, as in training, but label number 4 is 3/,
  ],
  [
    "test images of another size",
    { [TEST_IMAGES]: idxFile([15, 14, 56], images) },
    /expected images of 28×28 pixels, as in training, but they have 14×56/,
  ],
  [
    "no images",
    { [TEST_IMAGES]: idxFile([0, 28, 28], new Uint8Array()), [TEST_LABELS]: idxFile([0], new Uint8Array()) },
    /expected at least one image/,
  ],
  [
    "a damaged file",
    { [TEST_IMAGES]: gzipSync(idxFile([15, 28, 28], images)).subarray(0, -9) },
    /expected gzip data but it is truncated/,
  ],
])("%s: refused", async (_, changes, message) => {
  const failing = loadIdxFolder(newFolder(changes));
  await expect(failing).rejects.toMatchObject({ name: "UserError", hint: expect.stringMatching(/\.$/) });
  await expect(failing).rejects.toThrow(message);
});

test("data sets by name or folder", async () => {
  expect((await loadData(newFolder())).train.length).toBe(40);
  await expect(loadData("mnsit")).rejects.toMatchObject({ name: "UserError", hint: 'Did you mean "mnist"?' });
  await expect(loadData(join(parent, "none"))).rejects.toThrow("but there is no such name or folder.");
  await writeFile(join(parent, "file"), "");
  await expect(loadData(join(parent, "file"))).rejects.toThrow("but it is another file.");
});
