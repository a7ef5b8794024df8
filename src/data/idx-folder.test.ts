import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { bandImages, idxFile, writeBandFolder } from "../../tests/bands.ts";
import { type IdxData, loadIdxFolder } from "./idx-folder.ts";
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

/** A folder of 2×3 images, 3 to train and 2 to test, whose names have prefixes, with other files beside them. */
async function prefixedFolder(
  prefixes: readonly string[],
  labels: readonly number[] = [0, 1, 2, 1, 0],
  others: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<string> {
  const folder = join(parent, `folder-${count++}`);
  await mkdir(folder);
  const pixels = Uint8Array.from({ length: 30 }, (_, at) => at);
  for (const prefix of prefixes) {
    await writeFile(join(folder, `${prefix}-train-images-idx3-ubyte`), idxFile([3, 2, 3], pixels.subarray(0, 18)));
    await writeFile(join(folder, `${prefix}-test-images-idx3-ubyte`), idxFile([2, 2, 3], pixels.subarray(18)));
    const [train, test] = [labels.slice(0, 3), labels.slice(3)].map((part) => Uint8Array.from(part));
    await writeFile(join(folder, `${prefix}-train-labels-idx1-ubyte.gz`), gzipSync(idxFile([3], train ?? images)));
    await writeFile(join(folder, `${prefix}-test-labels-idx1-ubyte`), idxFile([2], test ?? images));
  }
  for (const [name, content] of Object.entries(others)) await writeFile(join(folder, name), content);
  return folder;
}

const imageOf = async ({ train }: IdxData, index: number) =>
  (await train.sample(index, { epoch: 0, rng: undefined as never })).image;

test("EMNIST's names and mapping, letters labelled from 1; pictures as stored, or upright", async () => {
  const folder = await prefixedFolder(["emnist-letters"], [1, 3, 2, 1, 3], {
    "emnist-letters-mapping.txt": "1 65 97\r\n2 66 98\r\n3 67 99\r\n",
    "readme.txt": "",
  });
  const stored = await loadData(folder, { rawPixels: true });
  expect(stored).toMatchObject({
    train: { length: 3, shape: [1, 2, 3], classes: ["A", "B", "C"] },
    test: { length: 2, shape: [1, 2, 3] },
    notes: [expect.stringContaining("--transpose turns them upright")],
  });
  expect([Array.from(stored.train.labels ?? []), Array.from(stored.test.labels ?? [])]).toEqual([
    [0, 2, 1],
    [0, 2],
  ]);
  expect([...(await imageOf(stored, 1))]).toEqual([6, 7, 8, 9, 10, 11]);
  const upright = await loadData(folder, { rawPixels: true, transpose: true });
  expect(upright).toMatchObject({ train: { shape: [1, 3, 2] }, transposed: true });
  expect(upright.notes).toEqual([expect.stringContaining("exchanged, as --transpose asks for")]);
  expect([...(await imageOf(upright, 1))]).toEqual([6, 9, 7, 10, 8, 11]);
});

test("letters without their mapping are A to Z; a label 0 is refused", async () => {
  const { train } = await loadData(await prefixedFolder(["emnist-letters"], [1, 26, 2, 1, 3]));
  expect([train.classes.join(""), ...Array.from(train.labels ?? [])]).toEqual(["ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0, 25, 1]);
  await expect(loadData(await prefixedFolder(["emnist-letters"]))).rejects.toThrow(
    /expected labels from 1 on but label number [01] is 0/,
  );
});

test("QMNIST's labels are the first of eight columns of 32-bit integers", async () => {
  const table = (...labels: number[]): Buffer => {
    const file = Buffer.alloc(12 + 32 * labels.length);
    file.set([0, 0, 0x0c, 2]);
    file.writeUInt32BE(labels.length, 4);
    file.writeUInt32BE(8, 8);
    labels.forEach((label, row) => {
      file.writeInt32BE(label, 12 + 32 * row);
      file.writeInt32BE(4150, 12 + 32 * row + 8);
    });
    return file;
  };
  const folder = await prefixedFolder(["qmnist"]);
  for (const name of ["train-labels-idx1-ubyte.gz", "test-labels-idx1-ubyte"]) await rm(join(folder, `qmnist-${name}`));
  await writeFile(join(folder, "qmnist-train-labels-idx2-int.gz"), gzipSync(table(1, 2, 0)));
  await writeFile(join(folder, "qmnist-test-labels-idx2-int"), table(2, 1));
  const { train, test: testing, notes } = await loadData(folder);
  expect([Array.from(train.labels ?? []), Array.from(testing.labels ?? []), train.classes, notes]).toEqual([
    [1, 2, 0],
    [2, 1],
    ["0", "1", "2"],
    undefined,
  ]);
});

test("several data sets in one folder, missing files and faulty mappings are refused", async () => {
  const several = await prefixedFolder(["emnist-digits", "emnist-letters"]);
  await expect(loadData(several)).rejects.toMatchObject({
    message: `"${several}": expected the IDX files of one data set but there are those of 2, whose names begin with "emnist-digits", "emnist-letters".`,
    hint: expect.stringContaining("a folder of its own"),
  });
  const partial = await prefixedFolder(["emnist-digits"]);
  await rm(join(partial, "emnist-digits-test-images-idx3-ubyte"));
  await expect(loadData(partial)).rejects.toThrow("emnist-digits-test-images-idx3-ubyte.gz is missing");
  for (const [text, fault] of [
    ["", "it is empty"],
    ["0 a\n", 'line 1 is "0 a"'],
    ["0 48\n2 50\n", "label 1 is missing or there twice"],
    ["0 48\n1 48\n", 'two labels are "0"'],
  ]) {
    const folder = await prefixedFolder(["emnist-x"], undefined, { "emnist-x-mapping.txt": text ?? "" });
    await expect(loadData(folder)).rejects.toThrow(`on each line, such as "10 65", but ${fault}.`);
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
