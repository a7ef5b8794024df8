import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { writeTree } from "../../testing/photo-folders.ts";
import { applyMarks, findPhotos, formatMarks, loadPhotos, MARKS_FILE, readMarks, writableMarksFile } from "./index.ts";

let root: string;
let remove: () => Promise<void>;
let own: string;
beforeAll(async () => {
  own = await mkdtemp(join(tmpdir(), "ocelli-labels-"));
  process.env.OCELLI_LABELS = own;
  const names = ["train", "val"].flatMap((part) =>
    ["ants", "bees"].flatMap((name) => [0, 1].map((n) => `${part}/${name}/${n}.png`)),
  );
  ({ root, remove } = await writeTree(Object.fromEntries(names.map((name, seed) => [name, seed]))));
});
afterAll(async () => {
  delete process.env.OCELLI_LABELS;
  await remove();
  await rm(own, { recursive: true });
});

const marks = {
  "val/ants/0.png": { label: "bees" },
  "train/bees/1.png": { excluded: true },
  "val/gone.png": { label: "ants" },
} as const;

test("labels are changed and photos left out, in the order of classes; marks of photos that are gone do nothing", async () => {
  const found = await findPhotos(root);
  const marked = applyMarks(found, marks, "labels.json");
  expect(marked.found.train).toEqual({
    names: ["train/ants/0.png", "train/ants/1.png", "train/bees/0.png"],
    labels: [0, 0, 1],
  });
  expect(marked.found.val).toEqual({
    names: ["val/ants/1.png", "val/ants/0.png", "val/bees/0.png", "val/bees/1.png"],
    labels: [0, 1, 1, 1],
  });
  expect(Object.keys(marked.applied)).toEqual(["val/ants/0.png", "train/bees/1.png"]);
  expect(marked.notes).toEqual(['By "labels.json": 1 photo with another label, 1 photo left out.']);
});

test("the next load of the folder follows the file beside the photos, says so, and has another hash; nothing is moved", async () => {
  const before = await loadPhotos(root);
  const file = await writableMarksFile(root);
  expect(file).toBe(join(root, MARKS_FILE));
  await writeFile(file, formatMarks(marks));
  const after = await loadPhotos(root);
  expect([before.train.length, after.train.length]).toEqual([4, 3]);
  expect(after.notes).toEqual([`By "${file}": 1 photo with another label, 1 photo left out.`]);
  expect(after.dataHash).not.toBe(before.dataHash);
  expect(after.marks).toEqual({ "val/ants/0.png": { label: "bees" }, "train/bees/1.png": { excluded: true } });
  expect((await loadPhotos(root, { marks: {} })).dataHash).toBe(before.dataHash);
  expect(existsSync(join(root, "val/ants/0.png"))).toBe(true);
  await rm(file);
});

test("a file in the person's own folder, as for photos that may not be written to, goes first", async () => {
  const { file } = await readMarks(root);
  expect(file).toBe(join(root, MARKS_FILE));
  await writeFile(file, formatMarks(marks));
  const hashed = await writableMarksFile(`${root}-that-is-not-there`);
  expect(hashed.startsWith(own)).toBe(true);
  expect(await readFile(file, "utf8")).toContain('"label": "bees"');
  await rm(file);
});

test.each([
  ["no JSON", "{", /expected the labels that people corrected but .*JSON/],
  ["no photos", "{}", /it has no photos/],
  ["neither label nor exclusion", '{"photos":{"a.png":{}}}', /"a.png" has neither a label nor "excluded": true/],
  ["a newer version", '{"version":2,"photos":{}}', /expected version 1 but it has 2/],
])("%s is a UserError", async (_, text, message) => {
  await writeFile(join(root, MARKS_FILE), text);
  const error = await loadPhotos(root).catch((thrown: unknown) => thrown);
  await rm(join(root, MARKS_FILE));
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(message);
});

test("an unknown class, and a class of which nothing is left, are UserErrors", async () => {
  const found = await findPhotos(root);
  expect(() => applyMarks(found, { "val/ants/0.png": { label: "bee" } }, "f")).toThrow(
    /classes "ants" and "bees" but a photo has "bee"/,
  );
  const all = { "val/ants/0.png": { excluded: true }, "val/ants/1.png": { excluded: true } } as const;
  expect(() => applyMarks(found, all, "f")).toThrow(/photos of each class for validation but none of "ants" remain/);
});

test("labels are compared in one of the two forms in which Unicode writes an accent", async () => {
  const accented = await writeTree({ "é/0.png": 1, "é/1.png": 2, "bees/0.png": 3, "bees/1.png": 4, "bees/2.png": 5 });
  await writeFile(join(accented.root, MARKS_FILE), formatMarks({ "bees/2.png": { label: "\u0065\u0301" } }));
  const { marks } = await loadPhotos(accented.root);
  await accented.remove();
  expect(marks).toEqual({ "bees/2.png": { label: "\u00e9" } });
});

test("in a folder of class folders the file is not told as skipped", async () => {
  const flat = await writeTree({
    "ants/0.png": 1,
    "ants/1.png": 2,
    "bees/0.png": 3,
    "bees/1.png": 4,
    [MARKS_FILE]: formatMarks({}),
  });
  const { notes, skipped } = await loadPhotos(flat.root);
  await flat.remove();
  expect([notes, skipped]).toEqual([[], []]);
});

test("photos without a mark have none, also if they are called as what every object has", () => {
  const names = ["constructor", "__proto__", "toString", "a.jpg"];
  const photos = { names, labels: [0, 0, 1, 1] };
  const found = { root, layout: "manifest", classes: ["ants", "bees"], skipped: [], notes: [] } as const;
  const { train } = applyMarks({ ...found, train: photos, val: photos }, { "a.jpg": { label: "ants" } }, "f").found;
  expect(train).toEqual({ names: ["constructor", "__proto__", "a.jpg", "toString"], labels: [0, 0, 0, 1] });
});
