import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type FileTree, writeTree } from "../../testing/photo-folders.ts";
import { findPhotos } from "./find.ts";
import { compareCodePoints, findFiles } from "./walk.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** A new folder with these files; those given by name alone are empty. */
async function folder(files: FileTree | readonly string[]): Promise<string> {
  const tree = Array.isArray(files) ? Object.fromEntries(files.map((name) => [name, ""])) : (files as FileTree);
  const { root, remove } = await writeTree(tree);
  removals.push(remove);
  return root;
}

const SPLIT = ["train/ants/1.jpg", "train/bees/2.jpg", "val/ants/3.jpg", "val/bees/4.jpg"];

async function failure(data: string): Promise<{ message: string; hint: string }> {
  const error = await findPhotos(data).catch((thrown: unknown) => thrown);
  expect(error).toHaveProperty("name", "UserError");
  return error as { message: string; hint: string };
}

describe("order", () => {
  // Python: sorted(["z", "Z", "a", "\ufb00", "\U0001f600", "é"])
  test("is that of code points, not of UTF-16 units", () => {
    const names = ["z", "😀", "Z", "ﬀ", "é", "a"];
    expect(names.toSorted(compareCodePoints)).toEqual(["Z", "a", "z", "é", "ﬀ", "😀"]);
    expect(names.toSorted()).not.toEqual(names.toSorted(compareCodePoints));
    expect(["ab", "a", ""].toSorted(compareCodePoints)).toEqual(["", "a", "ab"]);
  });

  // Python: sorted(os.walk(...)) compares the paths of folders as text, so "a b" and "a-b" come before "a/b"
  test("of nested folders is that of their paths", async () => {
    const names = ["c/a/z.png", "c/a/b/1.png", "c/a b/1.png", "c/a-b/1.png", "c/q.png", "c/B.png"];
    const { photos } = await findFiles(await folder(names), "c");
    expect(photos).toEqual(["c/B.png", "c/q.png", "c/a/z.png", "c/a b/1.png", "c/a-b/1.png", "c/a/b/1.png"]);
  });
});

describe("a folder with train and val", () => {
  test("has the classes of train, in order, with what is no photo skipped", async () => {
    const more = ["train/bees/deep/er/5.WEBP", "train/ants/not.gif", "train/ants/notes.txt", "train/loose.jpg"];
    const hidden = ["train/.cache/6.jpg", "train/ants/.7.jpg", "train/bees/.DS_Store", "README.md"];
    const root = await folder([...SPLIT, ...more, ...hidden]);
    expect(await findPhotos(root)).toEqual({
      root,
      layout: "split",
      classes: ["ants", "bees"],
      train: { names: ["train/ants/1.jpg", "train/bees/2.jpg", "train/bees/deep/er/5.WEBP"], labels: [0, 1, 1] },
      val: { names: ["val/ants/3.jpg", "val/bees/4.jpg"], labels: [0, 1] },
      skipped: [
        { name: "train/loose.jpg", reason: "in no class folder" },
        { name: "train/ants/not.gif", reason: "a GIF, which torchvision passes over too" },
        { name: "train/ants/notes.txt", reason: "no photo by its name" },
      ],
      notes: [],
    });
  });

  test.each(["valid", "validation", "test", "Val"])("takes %s for val", async (name) => {
    const root = await folder(SPLIT.map((file) => file.replace("val/", `${name}/`)));
    expect((await findPhotos(root)).val.names).toEqual([`${name}/ants/3.jpg`, `${name}/bees/4.jpg`]);
  });

  test("leaves test alone where there is val", async () => {
    const root = await folder([...SPLIT, "test/wasps/9.jpg"]);
    expect((await findPhotos(root)).val.names).toEqual(["val/ants/3.jpg", "val/bees/4.jpg"]);
  });

  test("follows links, but not in circles; a link to nowhere is a photo that cannot be read later", async () => {
    const root = await folder([...SPLIT, "elsewhere/5.jpg", "elsewhere/deep/6.jpg"]);
    await symlink(join(root, "elsewhere"), join(root, "train/ants/linked"));
    await symlink(join(root, "train"), join(root, "train/ants/linked/deep/circle"));
    await symlink(join(root, "elsewhere/5.jpg"), join(root, "train/bees/linked.jpg"));
    await symlink(join(root, "nowhere.jpg"), join(root, "train/bees/nowhere.jpg"));
    const { train } = await findPhotos(root);
    expect(train.names).toEqual([
      "train/ants/1.jpg",
      "train/ants/linked/5.jpg",
      "train/ants/linked/deep/6.jpg",
      "train/bees/2.jpg",
      "train/bees/linked.jpg",
      "train/bees/nowhere.jpg",
    ]);
  });

  test.each([
    [
      "a class without photos",
      [...SPLIT, "train/wasps/x.gif"],
      /but "wasps" has none \(1 file there has other endings\)/,
    ],
    [
      "one class",
      ["train/ants/1.jpg", "val/ants/2.jpg"],
      /at least two classes to tell apart but there is only "ants"/,
    ],
    [
      "no class",
      ["train/1.jpg", "val/ants/2.jpg"],
      /expected a folder for each class in "train" but it holds only photos/,
    ],
    [
      "a class that val lacks",
      SPLIT.slice(0, 3),
      /val": expected the classes of training, "ants" and "bees", but "bees" is missing/,
    ],
    ["a class that train lacks", [...SPLIT, "val/wasps/5.jpg"], /but "wasps" is unknown in training/],
    [
      "both",
      [...SPLIT.slice(0, 3), "val/a/5.jpg", "val/b/5.jpg"],
      /"bees" is missing and "a" and "b" are unknown in training/,
    ],
  ])("with %s is refused", async (_, names, message) => {
    expect((await failure(await folder(names))).message).toMatch(message);
  });
});

describe("a folder of classes", () => {
  const many = [..."abcdefghij"].flatMap((name) => [`ants/${name}.jpg`, `bees/${name}.jpg`, `bees/${name}2.jpg`]);

  test("is divided by chance, class by class, always alike for a seed", async () => {
    const root = await folder([...many, "ants/x.txt"]);
    const { layout, classes, train, val, skipped } = await findPhotos(root);
    expect({ layout, classes }).toEqual({ layout: "flat", classes: ["ants", "bees"] });
    expect(val.labels).toEqual([0, 0, 1, 1, 1, 1]);
    expect([...train.names, ...val.names].toSorted()).toEqual(many.toSorted());
    expect(train.names).toEqual(train.names.toSorted(compareCodePoints));
    expect(skipped.map(({ name }) => name)).toEqual(["ants/x.txt"]);
    expect((await findPhotos(root, { seed: 0, share: 0.2 })).val).toEqual(val);
    expect((await findPhotos(root, { seed: 1 })).val).not.toEqual(val);
    expect((await findPhotos(root, { share: 0.5 })).val.labels).toHaveLength(15);
  });

  test.each([0.01, 0.99])("keeps a photo of each class on both sides at a share of %d", async (share) => {
    const { train, val } = await findPhotos(await folder(["a/1.png", "a/2.png", "b/1.png", "b/2.png"]), { share });
    expect([train.labels, val.labels]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test.each([
    ["a class of one photo", [...many, "wasps/1.jpg"], /two photos in each class, .* but "wasps" has fewer/],
    ["nothing", ["x.txt"].slice(1), /expected a folder for each class but it is empty/],
    ["loose photos", ["1.jpg", "2.jpg"], /expected a folder for each class but it holds only 2 files/],
    ["only validation", ["val/ants/1.jpg", "test/ants/1.jpg"], /expected a folder train beside "val" and "test"/],
  ])("with %s is refused", async (_, names, message) => {
    expect((await failure(await folder(names))).message).toMatch(message);
  });

  test("a share out of range is refused", async () => {
    await expect(findPhotos(await folder(many), { share: 1 })).rejects.toThrow(
      "expected a share between 0 and 1 but it is 1",
    );
  });

  test("that is not there, is a file or may not be read is refused", async () => {
    const root = await folder(["ants/1.jpg", "file"]);
    expect((await failure(join(root, "none"))).message).toMatch(
      /none": expected a folder of photos but it does not exist/,
    );
    expect((await failure(join(root, "file"))).message).toMatch(/file": expected a folder of photos but it is a file/);
  });

  // root may read everything, so that it has to become someone else for a while
  test.skipIf(!process.seteuid)("that may not be read is refused", async () => {
    const root = await folder([]);
    await mkdir(join(root, "locked"), { mode: 0o000 });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    const { message, hint } = await failure(join(root, "locked")).finally(() => isRoot && process.seteuid?.(0));
    expect(message).toMatch(/expected a folder of photos but permission is denied/);
    expect(hint).toMatch(/^Give yourself the right to read it: chmod u\+rx "/);
  });
});

describe("a manifest", () => {
  const photos = Object.fromEntries(["a 1.jpg", "sub/2.jpg", "3.jpg", "4.jpg", "5,6.jpg"].map((name) => [name, ""]));
  const manifest = async (name: string, lines: readonly string[], ending = "\n") =>
    join(await folder({ ...photos, [name]: lines.join(ending) }), name);

  test("in CSV gives photos, classes and splits", async () => {
    const lines = [
      "\ufefffile,other,label,split",
      "a 1.jpg,,bees,train",
      "sub/2.jpg,x,ants,Train",
      '"5,6.jpg",,"b""x",train',
      "",
      "3.jpg,,ants,val",
      "4.jpg,,bees,validation",
      '"5,6.jpg","two',
      'lines","b""x",valid',
    ];
    const path = await manifest("list.CSV", lines, "\r\n");
    expect(await findPhotos(path)).toMatchObject({
      layout: "manifest",
      classes: ["ants", 'b"x', "bees"],
      train: { names: ["sub/2.jpg", "5,6.jpg", "a 1.jpg"], labels: [0, 1, 2] },
      val: { names: ["3.jpg", "5,6.jpg", "4.jpg"], labels: [0, 1, 2] },
      skipped: [],
    });
  });

  test("in JSONL, and in a folder as manifest.jsonl; without splits it is divided", async () => {
    const lines = ["a 1.jpg", "sub/2.jpg", "3.jpg", "4.jpg"].map((file, i) =>
      JSON.stringify({ file, label: i % 2 ? "no" : 10 }),
    );
    const path = await manifest("manifest.jsonl", [...lines, ""]);
    const found = await findPhotos(path);
    expect(found).toMatchObject({ classes: ["10", "no"], train: { labels: [0, 1] }, val: { labels: [0, 1] } });
    expect(await findPhotos(join(path, ".."))).toEqual(found);
  });

  test("takes test for val only where there is no val", async () => {
    const rows = ["file,label,split", "a 1.jpg,x,train", "sub/2.jpg,y,train", "3.jpg,x,test", "4.jpg,y,test"];
    expect((await findPhotos(await manifest("m.csv", rows))).val.names).toEqual(["3.jpg", "4.jpg"]);
    const both = await findPhotos(await manifest("m.csv", [...rows, '"5,6.jpg",x,val', "a 1.jpg,y,val"]));
    expect(both.val.names).toEqual(["5,6.jpg", "a 1.jpg"]);
    expect(both.skipped.map(({ name }) => name)).toEqual(["3.jpg", "4.jpg"]);
  });

  test("may name files elsewhere", async () => {
    const other = await folder(["x.jpg", "y.jpg"]);
    const rows = ["file,label", "a 1.jpg,x", "3.jpg,y", `${join(other, "x.jpg")},x`, `${join(other, "y.jpg")},y`];
    const { train, val } = await findPhotos(await manifest("m.csv", rows));
    expect([...train.names, ...val.names]).toContain(join(other, "x.jpg"));
  });

  test.each([
    ["no line", "m.csv", [""], /expected the columns file and label but it is empty\./],
    ["no photo", "m.csv", ["file,label"], /expected photos but it names none/],
    [
      "other columns",
      "m.csv",
      ["where,label", "3.jpg,x"],
      /columns file and label but the first line has "where" and "label"/,
    ],
    [
      "a value too many",
      "m.csv",
      ["file,label", "3.jpg,x", "4.jpg,y,z"],
      /line 3: expected 2 values, .* but there are 3/,
    ],
    ["a stray quote", "m.csv", ["file,label", '3.jpg,"x"y'], /line 2: .* a double quote stands out of place/],
    ["no label", "m.csv", ["file,label", "3.jpg,"], /line 2: expected a label but it is missing/],
    ["no file", "m.jsonl", ['{"label":"x"}'], /line 1: expected a file but it is missing/],
    ["a list for a label", "m.jsonl", ['{"file":"3.jpg","label":["x"]}'], /line 1: expected a label but it is \["x"\]/],
    ["text", "m.jsonl", ['{"file":"3.jpg","label":"x"}', "3.jpg"], /line 2: expected an object .* but got 3\.jpg\./],
    [
      "a file that is not there",
      "m.csv",
      ["file,label", "3.jpg,x", "7.jpg,y"],
      /line 3: expected files that exist but 1 file does not: "7\.jpg"/,
    ],
    [
      "an unknown split",
      "m.csv",
      ["file,label,split", "3.jpg,x,odd"],
      /line 2: expected the split train or val but it is "odd"/,
    ],
    ["a split left out", "m.csv", ["file,label,split", "3.jpg,x,train", "4.jpg,x,"], /line 3: .* but it is ""/],
    ["no val", "m.csv", ["file,label,split", "3.jpg,x,train"], /splits train and val but none is of val/],
    ["one class", "m.csv", ["file,label", "3.jpg,x", "4.jpg,x"], /only "x"/],
    [
      "a class that val lacks",
      "m.csv",
      ["file,label,split", "3.jpg,x,train", "4.jpg,y,train", "a 1.jpg,x,val"],
      /but "y" is missing/,
    ],
  ])("with %s is refused", async (_, name, lines, message) => {
    expect((await failure(await manifest(name, lines))).message).toMatch(message);
  });
});
