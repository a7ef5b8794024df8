import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { writeTree } from "../../testing/photo-folders.ts";
import { findFiles, leftOutReason } from "./walk.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

async function folder(...names: readonly string[]): Promise<string> {
  const { root, remove } = await writeTree(Object.fromEntries(names.map((name) => [name, ""])));
  removals.push(remove);
  return root;
}

/** A path that ends in a name of any bytes. */
const bytesPath = (root: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);

test("photos have many endings, and what is left out has a reason", async () => {
  const photos = ["a.AVIF", "b.jfif", "c.JPE", "d.mpo", "e.jpg_large", "f.pbm"];
  const others = ["g.gif", "h.HEIC", "i.jxl", "j.cr2", "k.psd", "l.txt", "m"];
  const found = await findFiles(await folder(...photos, ...others), "");
  expect(found).toEqual({ photos, others });
  expect(found.others.map(leftOutReason)).toEqual([
    "a GIF, which torchvision passes over too",
    "HEIC, which cannot be decoded: convert it to JPEG",
    "JPEG XL, which cannot be decoded: convert it to JPEG or PNG",
    "a camera's raw data, which cannot be decoded: convert it to JPEG",
    "a format that cannot be decoded: convert it to PNG",
    "no photo by its name",
    "no photo by its name",
  ]);
});

test("what systems and editors put beside photos is not there", async () => {
  const root = await folder("a.jpg", "Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX/a.jpg", "@eaDir/a.jpg");
  expect(await findFiles(root, "")).toEqual({ photos: ["a.jpg"], others: [] });
});

// other systems refuse such names
test.skipIf(process.platform !== "linux")("names that are not UTF-8 are left out, and told", async () => {
  const root = await folder("caf\u00e9.jpg", "\ufffd.jpg");
  await writeFile(bytesPath(root, "ros\xe9.jpg"), "");
  await mkdir(bytesPath(root, "caf\xe9"));
  const { photos, others } = await findFiles(root, "");
  expect(photos).toEqual(["caf\u00e9.jpg", "\ufffd.jpg"]);
  expect(others).toEqual(["caf\\xe9/", "ros\\xe9.jpg"]);
  expect(others.map(leftOutReason)).toEqual(["a folder whose name is not UTF-8", "its name is not UTF-8"]);
});

test("a link to nowhere is among the photos, so that it is told as one that cannot be read", async () => {
  const root = await folder("a.jpg");
  await symlink(join(root, "nowhere.jpg"), join(root, "b.jpg"));
  expect((await findFiles(root, "")).photos).toEqual(["a.jpg", "b.jpg"]);
});
