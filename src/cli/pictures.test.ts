import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wavyPng, writeTree } from "../testing/photo-folders.ts";
import { findPictures, leftOutText } from "./pictures.ts";

let root: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ root, remove } = await writeTree({
    ...{
      "a.png": 1,
      "b.jfif": 2,
      "c.gif": 3,
      "d.jpe": 4,
      "deep/e.mpo": 5,
      "x.heic": "h",
      "notes.txt": "t",
      ".hidden.png": 6,
    },
    "others/readme.md": "none",
  }));
  await symlink(join(root, "gone.png"), join(root, "link.png"));
  await mkdir(join(root, "empty"));
});
afterAll(() => remove());

const below = (name: string): string => join(root, name);

test("all that can be decoded below a folder, broken links among it, and what is left out", async () => {
  const found = await findPictures([root]);
  expect(found.sources.map(({ file }) => file)).toEqual(
    ["a.png", "b.jfif", "c.gif", "d.jpe", "deep/e.mpo", "link.png"].map(below),
  );
  expect(found.leftOut.map(({ file }) => file)).toEqual(["notes.txt", "x.heic", "others/readme.md"].map(below));
  expect(leftOutText(found)).toEqual([
    "3 files are left out (name a file itself to have it tried):",
    `  ${below("notes.txt")}: no photo by its name`,
    `  ${below("x.heic")}: HEIC, which cannot be decoded: convert it to JPEG`,
    `  ${below("others/readme.md")}: no photo by its name`,
  ]);
});

test("a file that is named is tried whatever its ending", async () => {
  const { sources, leftOut } = await findPictures([below("notes.txt"), below("x.heic")]);
  expect(sources.map(({ file }) => file)).toEqual([below("notes.txt"), below("x.heic")]);
  expect(leftOut).toEqual([]);
});

test("a folder without pictures has an error for its answer, which names what is there", async () => {
  const { sources } = await findPictures([below("empty"), below("others")]);
  await expect(sources[0]?.open()).rejects.toThrow(`"${below("empty")}": expected pictures but the folder holds none.`);
  await expect(sources[1]?.open()).rejects.toThrow('only other files such as "readme.md"');
});

test.runIf(process.platform === "linux")("a name that is not UTF-8 is opened all the same", async () => {
  const folder = below("latin1");
  await mkdir(folder);
  const path = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9), Buffer.from(".png")]);
  const png = await wavyPng(9);
  await writeFile(path, png);
  const { sources, leftOut } = await findPictures([folder]);
  expect(sources.map(({ file }) => file)).toEqual([join(folder, "caf\\xe9.png")]);
  expect(Buffer.from((await sources[0]?.open()) as Uint8Array).equals(Buffer.from(png))).toBe(true);
  expect(leftOut).toEqual([]);
  await rm(path);
});
