/** Unpacked fonts are verified when they are used. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { listenToCaches } from "../cache/index.ts";
import { unpackInto } from "./fonts.ts";

const cache = await mkdtemp(join(tmpdir(), "ocelli-fonts-test-"));
const notes: string[] = [];
listenToCaches((text) => notes.push(text));
afterAll(async () => {
  listenToCaches(() => {});
  await rm(cache, { recursive: true });
});
beforeEach(() => {
  notes.length = 0;
});

test.each<[string, (file: string, content: Buffer) => Promise<void>]>([
  ["shorter", (file, content) => writeFile(file, content.subarray(1))],
  ["with a changed byte", (file, content) => writeFile(file, content.fill(content[99]! ^ 1, 99, 100))],
  ["gone", (file) => rm(file)],
])("a font that is %s is unpacked again, which is said once", async (_, change) => {
  const folder = await unpackInto(cache);
  const name = (await readdir(folder)).find((name) => name.endsWith(".ttf")) ?? "";
  const file = join(folder, name);
  const content = await readFile(file);
  await unpackInto(cache);
  expect(notes).toEqual([]);
  await change(file, Buffer.from(content));
  await unpackInto(cache);
  expect((await readFile(file)).equals(content)).toBe(true);
  await unpackInto(cache);
  expect(notes).toEqual([`"${folder}": these unpacked fonts are damaged; they are unpacked again.`]);
});
