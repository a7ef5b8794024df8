import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { writeTree } from "../../../testing/photo-folders.ts";
import { findPhotos } from "../find.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** A new folder of empty files; `train|val/ants` stands for two photos in each of both. */
async function folder(...places: readonly string[]): Promise<string> {
  const spread = (place: string): string[] => {
    const [, before = "", choice, after = ""] = /^(.*?)([^/|]+(?:\|[^/|]+)+)(.*)$/.exec(place) ?? [];
    return choice === undefined ? [place] : choice.split("|").flatMap((one) => spread(before + one + after));
  };
  const names = places
    .flatMap(spread)
    .flatMap((place) => (/\.\w+$/.test(place) ? [place] : [`${place}/1.jpg`, `${place}/2.jpg`]));
  const { root, remove } = await writeTree(Object.fromEntries(names.map((name) => [name, ""])));
  removals.push(remove);
  return root;
}

/** Where the photos of both sets are, the classes, and what is said. */
async function found(root: string) {
  const { classes, train, val, notes, layout } = await findPhotos(root);
  const places = ({ names }: { names: readonly string[] }) => [
    ...new Set(names.map((name) => name.replace(/\/[^/]*$/, ""))),
  ];
  return { layout, classes, train: places(train), val: places(val), notes };
}

async function refusal(root: string): Promise<string> {
  const error = await findPhotos(root).then(
    () => undefined,
    (thrown: unknown) => thrown as { name: string; message: string; hint: string },
  );
  expect(error).toMatchObject({ name: "UserError" });
  return `${error?.message}\n${error?.hint}`.replaceAll(root, "DATA");
}

describe("folders for training and validation", () => {
  test.each([
    ["Training", "Testing"],
    ["seg_train", "seg_test"],
    ["training_set", "test_set"],
    ["train_images", "val_images"],
    ["trn", "tst"],
    ["TrainData", "ValData"],
    ["flowers-train", "flowers-dev"],
  ])("may be called %s and %s", async (train, val) => {
    expect(await found(await folder(`${train}|${val}/ants|bees`))).toEqual({
      layout: "split",
      classes: ["ants", "bees"],
      train: [`${train}/ants`, `${train}/bees`],
      val: [`${val}/ants`, `${val}/bees`],
      notes: [],
    });
  });

  test("may repeat their names, and others beside them are told", async () => {
    const root = await folder("seg_train/seg_train/ants|bees", "seg_test/seg_test/ants|bees", "seg_pred/seg_pred");
    expect(await found(root)).toMatchObject({
      train: ["seg_train/seg_train/ants", "seg_train/seg_train/bees"],
      val: ["seg_test/seg_test/ants", "seg_test/seg_test/bees"],
      notes: ['Photos of "seg_test" are for validation; "seg_pred" is not used.'],
    });
  });

  test("where there are both val and test, val is taken, and that is said", async () => {
    expect(await found(await folder("train|valid|test/ants|bees"))).toMatchObject({
      val: ["valid/ants", "valid/bees"],
      notes: ['Photos of "valid" are for validation; "test" is not used.'],
    });
  });

  test.each([
    [
      "test",
      '"test" has no class folders and is not used: 20 % of the photos of "train" are set aside by chance for validation.',
    ],
    [
      "test1/unknown",
      '"test1" has none of the classes and is not used: 20 % of the photos of "train" are set aside by chance for validation.',
    ],
  ])("photos without labels in %s are no validation set", async (place, note) => {
    expect(await found(await folder("train/ants|bees", place))).toMatchObject({
      layout: "flat",
      classes: ["ants", "bees"],
      val: ["train/ants", "train/bees"],
      notes: [note],
    });
  });

  test("train alone is divided, and that is said", async () => {
    const { layout, val, notes } = await found(await folder("train/ants|bees"));
    expect({ layout, val }).toEqual({ layout: "flat", val: ["train/ants", "train/bees"] });
    expect(notes).toEqual([
      'There is no folder of validation photos: 20 % of the photos of "train" are set aside by chance for validation.',
    ]);
  });

  test.each([
    [
      "validation photos without classes",
      ["train/ants|bees", "val"],
      /DATA\/val": expected a folder for each class, as for training, but it holds only 2 photos/,
    ],
    ["no classes at all", ["train|test"], /in "train" but it holds only photos, and so it and "test" would be classes/],
    [
      "a misspelt val",
      ["train|vall/ants|bees"],
      /"train" and "vall" hold the same folders "ants" and "bees"[\s\S]*rename the two to train and val/,
    ],
    ["unknown names", ["fitting|probing/ants|bees"], /"fitting" and "probing" hold the same folders "ants" and "bees"/],
    ["an unknown name for training", ["material|test/ants|bees"], /"material" and "test" hold the same folders/],
    [
      "two for training",
      ["train_data|train_images|val/ants|bees"],
      /one folder for training but there are "train_data" and "train_images"/,
    ],
    ["boxes", ["train|val/images", "train|val/labels/1.txt"], /but "labels" has none[\s\S]*boxes, as of YOLO/],
  ])("with %s are refused", async (_, places, message) => {
    expect(await refusal(await folder(...places))).toMatch(message);
  });
});

describe("class folders", () => {
  test("may hold their own splits", async () => {
    expect(await found(await folder("ants|bees/train|val|test"))).toEqual({
      layout: "split",
      classes: ["ants", "bees"],
      train: ["ants/train", "bees/train"],
      val: ["ants/val", "bees/val"],
      notes: ['Each class has its own folders: "train" is for training, "val" for validation; "test" is not used.'],
    });
  });

  test.each([
    [["ants|bees/train", "ants/val"], /"bees" has no "val"/],
    [
      ["one|two/train|val/ants|bees"],
      /photos in "one\/train" but it holds the folders "ants" and "bees"[\s\S]*data check DATA\/one$/,
    ],
  ])("%j are refused", async (places, message) => {
    expect(await refusal(await folder(...places))).toMatch(message);
  });

  test("may be called train, which is said", async () => {
    expect(await found(await folder("bus|train|car"))).toMatchObject({
      classes: ["bus", "car", "train"],
      notes: ['The folder "train" holds photos and no class folders: it is taken for a class.'],
    });
    expect((await found(await folder("bus|car", "train/steam|electric"))).classes).toEqual(["bus", "car", "train"]);
    expect((await found(await folder("valid|invalid"))).classes).toEqual(["invalid", "valid"]);
  });

  test("may hold one folder of the same name each, or folders of other names", async () => {
    expect((await found(await folder("ants|bees/raw"))).classes).toEqual(["ants", "bees"]);
    expect((await found(await folder("ants/a|b", "bees/b|c"))).classes).toEqual(["ants", "bees"]);
  });

  test("a folder deeper are refused with the path to give", async () => {
    expect(await refusal(await folder("my data/inner/train|val/a|b"))).toMatch(
      /there is only "my data\/inner", which holds "train" and "val"\.\nGive the folder inside, for example: ocelli data check 'DATA\/my data\/inner'$/,
    );
  });

  test("whose names Unicode writes in two ways are one class", async () => {
    const root = await folder("train/caf\u00e9|tea", "val/cafe\u0301|tea");
    expect(await found(root)).toMatchObject({ classes: ["caf\u00e9", "tea"], val: ["val/cafe\u0301", "val/tea"] });
  });

  test("that differ in capitals between train and val are refused with what to do", async () => {
    expect(await refusal(await folder("train/Ants|bees", "val/ants|bees"))).toMatch(/Write their names alike/);
  });

  test("that are numbers are in the order of text, which is said", async () => {
    const names = Array.from({ length: 12 }, (_, label) => String(label));
    const { classes, notes } = await found(await folder(...names));
    expect(classes).toEqual(["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(notes).toEqual([
      "Classes that are numbers are in the order of text, as in torchvision: 0, 1, 10, 11, … Go by their names.",
    ]);
    expect((await found(await folder("0|1|2"))).notes).toEqual([]);
  });
});

const sets = join(process.env.OCELLI_DATA ?? "", "../cases/sets");
describe.skipIf(!process.env.OCELLI_DATA || !existsSync(sets))("the sets of cases", () => {
  test.each([
    ["k_braintumor", ["glioma", "pituitary"], [8, 8]],
    ["kaggletest", ["cat", "dog"], [6, 2]],
    ["vehicles", ["bus", "car", "plane", "train"], [16, 4]],
    ["numeric", ["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"], [24, 12]],
  ])("%s", async (name, classes, counts) => {
    const { train, val, ...rest } = await findPhotos(join(sets, name));
    expect({ classes: rest.classes, counts: [train.names.length, val.names.length] }).toEqual({ classes, counts });
  });

  test("nestzip", async () => {
    await expect(findPhotos(join(sets, "nestzip"))).rejects.toMatchObject({
      hint: `Give the folder inside, for example: ocelli data check ${join(sets, "nestzip/inner")}`,
    });
  });
});
