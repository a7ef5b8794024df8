import { join } from "node:path";
import { describe, expect, test } from "vitest";
import golden from "../../../tools/golden/pictures.json" with { type: "json" };
import { encodePng, type Image } from "../../image/index.ts";
import { type FileTree, wavyImage, wavyPng, writeTree } from "../../testing/photo-folders.ts";
import { checkPhotos, type DataCheck } from "./check.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { loadPhotos } from "./load-photos.ts";
import { nearDuplicates } from "./near-duplicates.ts";

const SIZE = { width: 90, height: 80 };
const picture = (seed: number) => wavyPng(seed, SIZE);
const fileNamed = (name: string): Buffer => Buffer.from(golden.find((one) => one.name === name)?.file ?? "", "base64");

/** What is found in a healthy data set with these files besides. */
async function check(more: FileTree = {}, size = 64): Promise<DataCheck> {
  const healthy: FileTree = {
    "train/ants/1.png": await picture(1),
    "train/bees/2.png": await picture(2),
    "val/ants/3.png": await picture(3),
    "val/bees/4.png": await picture(4),
  };
  const { root, remove } = await writeTree({ ...healthy, ...more });
  return checkPhotos(root, { size }).finally(remove);
}

const kinds = ({ problems }: DataCheck): string[] => problems.map(({ severity, kind }) => `${severity} ${kind}`);

/** The picture with each pixel changed a little, as compression does. */
function noisy({ data, ...image }: Image): Image {
  return { ...image, data: data.map((value, i) => Math.min(255, Math.max(0, value + ((i * 7919) % 9) - 4))) };
}

test("a healthy data set has no problems", async () => {
  const found = await check();
  expect(found).toMatchObject({
    layout: "split",
    photos: { train: 2, val: 2 },
    classes: [
      { class: "ants", train: 1, val: 1 },
      { class: "bees", train: 1, val: 1 },
    ],
    sides: { least: 80, most: 90, median: [90, 80] },
    problems: [],
    ok: true,
  });
});

describe("problems", () => {
  test("files that cannot be read or are cut off are errors", async () => {
    const found = await check({
      "train/ants/text.jpg": "hello",
      "train/ants/cut.jpg": fileNamed("RGB JPEG").subarray(0, 700),
      "train/bees/empty.png": "",
    });
    expect(kinds(found)).toEqual(["error unreadable", "error truncated"]);
    expect(found.ok).toBe(false);
    expect(found.problems[0]?.found).toEqual([
      { files: ["train/ants/text.jpg"], detail: expect.stringMatching(/^expected a JPEG.*68656c6c/) },
      { files: ["train/bees/empty.png"], detail: expect.stringMatching(/it is empty/) },
    ]);
    expect(found.problems[1]?.found).toMatchObject([{ files: ["train/ants/cut.jpg"] }]);
  });

  test("the same picture in train and val is an error, within a split a warning", async () => {
    const found = await check({
      "train/ants/x.png": await picture(3),
      "train/ants/y.png": await picture(1),
      "train/bees/z.png": await picture(1),
      "val/bees/w.png": await picture(4),
    });
    expect(kinds(found)).toEqual(["error leakage", "warning contradiction", "warning duplicates"]);
    expect(found.problems.map((problem) => problem.found[0]?.files)).toEqual([
      ["train/ants/x.png", "val/ants/3.png"],
      ["train/ants/1.png", "train/ants/y.png", "train/bees/z.png"],
      ["val/bees/4.png", "val/bees/w.png"],
    ]);
  });

  test("copies of other size or quality are found", async () => {
    const found = await check({
      "train/ants/small.png": await wavyPng(3, { width: 70, height: 66 }),
      "train/ants/noisy.png": await encodePng(noisy(wavyImage(1, SIZE))),
    });
    expect(kinds(found)).toEqual(["warning near-leakage", "warning near-duplicates"]);
    expect(found.problems[0]?.found).toEqual([{ files: ["train/ants/small.png", "val/ants/3.png"] }]);
    expect(found.problems[1]?.found).toEqual([{ files: ["train/ants/1.png", "train/ants/noisy.png"] }]);
    expect(found.ok).toBe(true);
  });

  test("imbalance of more than three to one", async () => {
    const ants = Object.fromEntries([11, 12, 13].map((seed) => [`train/ants/${seed}.png`, seed]));
    expect(kinds(await check({ "train/ants/14.png": await picture(14) }))).toEqual([]);
    const found = await check({ ...ants, "train/ants/14.png": await picture(14) });
    expect(found.problems.find(({ kind }) => kind === "imbalance")?.message).toBe(
      '"ants" has 5 photos for training but "bees" only 1',
    );
  });

  test.each([
    [
      "note smaller-than-model",
      "a photo smaller than the network's input",
      wavyPng(5, { width: 65, height: 70 }),
      "65×70",
    ],
    ["note extreme-aspect", "a photo of extreme aspect", wavyPng(5, { width: 400, height: 100 }), "400×100"],
    ["warning tiny", "a tiny photo", wavyPng(5, { width: 63, height: 70 }), "63×70"],
  ])("%s: %s", async (kind, _, file, detail) => {
    const found = await check({ "train/ants/5.png": await file }, 66);
    expect(kinds(found)).toEqual([kind]);
    expect(found.problems[0]?.found).toEqual([{ files: ["train/ants/5.png"], detail }]);
  });

  test.each([
    ["note grey", "grey JPEG"],
    ["note cmyk", "CMYK JPEG"],
    ["note palette", "palette PNG"],
    ["note alpha", "RGBA PNG"],
    ["warning exif-rotated", "JPEG with EXIF orientation"],
  ])("%s: %s", async (kind, name) => {
    expect(kinds(await check({ "train/ants/5.png": fileNamed(name) }))).toContain(kind);
  });

  test("16 bits", async () => {
    const file = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAAAAACB2fwVAAAADUlEQVR4nGOY48CoAwADYwEK+rgB3AAAAABJRU5ErkJggg==",
      "base64",
    );
    expect(kinds(await check({ "train/ants/5.png": file }))).toContain("note 16-bit");
  });

  test("files that are not used", async () => {
    const found = await check({ "train/ants/a.gif": "x", "val/b.jpg": "y" });
    expect(kinds(found)).toEqual(["note skipped"]);
    expect(found.problems[0]).toMatchObject({
      message: "2 files are not used",
      found: [
        { files: ["train/ants/a.gif"], detail: "a GIF, which torchvision passes over too" },
        { files: ["val/b.jpg"], detail: "in no class folder" },
      ],
    });
  });
});

describe("nearDuplicates", () => {
  const prints = (seeds: readonly number[]) => seeds.map((seed) => fingerprintOf(wavyImage(seed, SIZE)));

  test("different pictures are not alike, the same at other sizes are", () => {
    const different = prints(Array.from({ length: 60 }, (_, seed) => seed));
    expect(nearDuplicates(different)).toEqual([]);
    const others = [
      { width: 70, height: 70 },
      { width: 1500, height: 1300 },
      { width: 60, height: 90 },
    ];
    const sizes = others.map((size) => fingerprintOf(wavyImage(7, size)));
    expect(nearDuplicates([...different, ...sizes])).toEqual([[7, 60, 61, 62]]);
  });

  test("finds the pairs that comparing each with each finds", () => {
    const some = prints(Array.from({ length: 20 }, (_, seed) => seed)).flatMap((print, index) => {
      const bits = print.bits.map((word, place) => (place === index % 8 ? word ^ (2 ** (index + 1) - 1) : word));
      return [print, { ...print, bits }]; // index + 1 bits differ
    });
    const pairs = (bits: number) => nearDuplicates(some, { bits, lightness: 3 });
    for (const bits of [0, 5, 12])
      expect(pairs(bits)).toEqual(some.flatMap((_, i) => (i < bits ? [[2 * i, 2 * i + 1]] : [])));
  });

  test("the same outlines in other lightness are not alike", () => {
    const [print] = prints([1]);
    if (!print) throw new Error("no fingerprint");
    const lighter = (by: number) => ({ ...print, cells: print.cells.map((cell) => cell + by) });
    const likeness = { bits: 0, lightness: 3 };
    expect(nearDuplicates([print, lighter(3)], likeness)).toEqual([[0, 1]]);
    expect(nearDuplicates([print, lighter(4)], likeness)).toEqual([]);
    expect(nearDuplicates([print, lighter(-4)], likeness)).toEqual([]);
    expect(nearDuplicates([print, lighter(3)])).toEqual([[0, 1]]);
    expect(nearDuplicates([print, lighter(4)])).toEqual([]);
  });

  test("pictures of one colour are alike to nothing", () => {
    const flat = (value: number): Image => ({
      width: 20,
      height: 20,
      channels: 1,
      data: new Uint8Array(400).fill(value),
    });
    expect(nearDuplicates([flat(3), flat(3), flat(200)].map(fingerprintOf))).toEqual([]);
  });

  test("a picture of a single pixel has a fingerprint", () => {
    const one: Image = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) };
    expect(fingerprintOf(one).cells.every((cell) => cell === 0)).toBe(true);
  });
});

test("classes whose names differ hardly are told, and loading tells what costs nothing to find", async () => {
  const tree = {
    ...{ "train/Ants/1.png": 1, "train/ants/2.png": 2, "train/bees/3.png": 3, "train/bees/4.png": 1 },
    ...{ "val/Ants/5.png": 5, "val/ants/6.png": 6, "val/bees/7.png": 3 },
  };
  const { root, remove } = await writeTree(tree);
  const found = await checkPhotos(root);
  const { notes = [] } = await loadPhotos(root);
  await remove();
  expect(found.problems.find(({ kind }) => kind === "class-names")).toMatchObject({
    severity: "warning",
    message: '1 class is there under several names: "Ants" and "ants"',
  });
  expect(notes).toEqual([
    `1 picture is in train and in val; 1 picture is in more than one class; 1 class is there under several names: "Ants" and "ants". See which with: ocelli data check ${root}`,
  ]);
});

const { OCELLI_DATA } = process.env;
describe.skipIf(!OCELLI_DATA)("the manifests of cases", () => {
  test.each([
    ["case.csv", "class-names", /2 classes are there under several names/],
    ["twice_conflict.csv", "contradiction", /pictures? (is|are) in more than one class/],
    ["leak_alias.csv", "leakage", /\d+ pictures? (is|are) in train and in val/],
  ] as const)("%s: checking finds it, loading says it", async (name, kind, message) => {
    const data = join(OCELLI_DATA ?? "", "../cases/manifests", name);
    expect((await checkPhotos(data)).problems.map((one) => one.kind)).toContain(kind);
    const { notes = [] } = await loadPhotos(data);
    expect(notes.join("\n")).toMatch(message);
    expect(notes.join("\n")).toContain(`See which with: ocelli data check ${data}`);
  });
});

describe.skipIf(!OCELLI_DATA)("the photos of ants and bees", () => {
  const data = join(OCELLI_DATA ?? "", "hymenoptera_data");

  test("are 244 and 153, whole, without copies; the GIF is skipped", async () => {
    const found = await checkPhotos(data);
    expect(found).toMatchObject({
      photos: { train: 244, val: 153 },
      classes: [
        { class: "ants", train: 123, val: 70 },
        { class: "bees", train: 121, val: 83 },
      ],
      ok: true,
    });
    expect(kinds(found)).toEqual(["note smaller-than-model", "note extreme-aspect", "note skipped"]);
    expect(found.problems.map((problem) => problem.found.length)).toEqual([8, 1, 1]);
    expect(found.problems[2]?.found[0]?.files).toEqual(["train/ants/imageNotFound.gif"]);
    const { train, test: val, dataHash } = await loadPhotos(data);
    expect([train.length, val.length, dataHash]).toEqual([244, 153, found.dataHash]);
    expect(train.classes).toEqual(["ants", "bees"]);
  });
});
