import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { ModelCard } from "./card.ts";
import { checkWebFolder, writeWeb } from "./web.ts";

const root = await mkdtemp(join(tmpdir(), "ocelli-web-"));
afterAll(() => rm(root, { recursive: true }));
const folder = join(root, "page");
beforeEach(() => rm(folder, { recursive: true, force: true }));

const model = { bytes: Uint8Array.of(1, 2, 3), card: {} as ModelCard };
/** A number that no process has. */
const GONE = 99_999_999;

const filesIn = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).toSorted();

test.each([
  ["at its beginning", ["ort"], []],
  ["within its model", ["ort"], [`.model.onnx.${GONE}.tmp`, `ort/.ort.wasm.${GONE}.tmp`, "ort/ort.js"]],
  ["before its last file", ["ort"], ["ort/ort.js", "model.onnx", "model.json", "page.js", "index.css"]],
  ["in a folder with files of a person", ["ort"], ["ort/ort.js", "model.onnx", "model.json", "CNAME"]],
])("a page whose writing was broken off %s is written again", async (_, folders, files) => {
  for (const name of folders) await mkdir(join(folder, name), { recursive: true });
  for (const name of files) await writeFile(join(folder, name), "");
  await checkWebFolder(folder);
  await writeWeb(folder, model);
  const written = await filesIn();
  expect(written).toEqual(expect.arrayContaining(["index.html", "model.json", "model.onnx", "ort", "ort/ort.wasm"]));
  expect(written.filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test.each([
  ["index.html", "index.css"],
  ["ort", "notes.txt"],
  ["ort", "index.html"],
])("a folder with %s and %s may be a person's own", async (...names) => {
  for (const name of names) await mkdir(join(folder, name), { recursive: true });
  await expect(checkWebFolder(folder)).rejects.toThrow("expected a new or empty folder for the page");
});

test("a page that cannot be written whole has no index.html", async () => {
  await writeWeb(folder, model);
  await rm(join(folder, "page.js"));
  await mkdir(join(folder, "page.js")); // no file can take its name
  await expect(writeWeb(folder, model)).rejects.toThrow("expected to write this file");
  expect(await filesIn()).not.toContain("index.html");
});
