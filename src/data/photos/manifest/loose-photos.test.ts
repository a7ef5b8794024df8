import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type FileTree, writeTree } from "../../../testing/photo-folders.ts";
import { findPhotos } from "../find.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** A new folder with these files, all of them empty. */
async function folder(names: readonly string[]): Promise<string> {
  const { root, remove } = await writeTree(Object.fromEntries(names.map((name) => [name, ""])) as FileTree);
  removals.push(remove);
  return root;
}

async function failure(data: string): Promise<{ message: string; hint: string }> {
  const error = await findPhotos(data).catch((thrown: unknown) => thrown);
  expect(error).toHaveProperty("name", "UserError");
  return error as { message: string; hint: string };
}

describe("a folder of photos with a table beside it, as of Kaggle", () => {
  const LOOSE = ["train/0.jpg", "train/1.jpg", "train/2.png", "train/3.jpg"];

  test.each([
    [["labels.csv", "sample_submission.csv"], "labels.csv"],
    [["labels.csv", "test/9.jpg"], "labels.csv"],
    [["train.csv", "test.csv"], "train.csv"],
  ])("with %j, %s is suggested", async (others, table) => {
    const root = await folder([...LOOSE, ...others]);
    const { message, hint } = await failure(root);
    expect(message).toBe(
      `"${root}": expected a folder for each class in "train" but it holds no class folders, only 4 photos.`,
    );
    expect(hint).toContain(`"${table}" may hold the labels: give ${join(root, table)} as the data set`);
  });

  test("without a table, class folders or a table are asked for", async () => {
    const root = await folder(LOOSE);
    expect((await failure(root)).hint).toBe(
      `Put the photos of each class into a folder of its own, such as ${join(root, "train/ants")}; or give a .csv file with the columns file and label.`,
    );
  });

  test("ids name the photos in train by their names without endings", async () => {
    const root = await folder(LOOSE);
    await writeFile(join(root, "labels.csv"), "id,label\n0,cat\n1.jpg,dog\n2,cat\n3,dog\n");
    const { train, val, classes } = await findPhotos(join(root, "labels.csv"));
    expect(classes).toEqual(["cat", "dog"]);
    expect([...train.names, ...val.names].toSorted()).toEqual(LOOSE);
    await writeFile(join(root, "train/0.png"), "");
    expect((await failure(join(root, "labels.csv"))).message).toContain('1 file does not: "0".');
  });
});

test("a table with backslashes is told to write slashes", async () => {
  const root = await folder(["a/0.jpg", "b/1.jpg"]);
  await writeFile(join(root, "m.csv"), "file,label\na\\0.jpg,a\nb\\1.jpg,b\n");
  expect((await failure(join(root, "m.csv"))).hint).toBe('Write / between folders and not \\: "a/0.jpg" is there.');
});
