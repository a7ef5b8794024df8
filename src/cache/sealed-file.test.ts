/** Whatever becomes of a file in the cache, its bytes are used only if they are those of its key. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSealed, writeSealed } from "./sealed-file.ts";

const folder = await mkdtemp(join(tmpdir(), "ocelli-sealed-"));
afterAll(() => rm(folder, { recursive: true }));

const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const file = join(folder, "features", "a.f32");

test("an entry is read as it was written; one that is not there is no fault", async () => {
  await writeSealed(file, "a", content);
  expect(await readSealed(file, "a", 1000)).toEqual({ content });
  expect(await readSealed(join(folder, "none"), "a", 1000)).toBeUndefined();
});

/** The file's bytes with the one at `at` changed. */
const flipped = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
  ["a changed byte of the content", (bytes) => flipped(bytes, 700), /bytes have changed/],
  ["a changed byte of the hash", (bytes) => flipped(bytes, bytes.indexOf("sha256") + 12), /bytes have changed/],
  ["a changed key", (bytes) => flipped(bytes, bytes.indexOf("key") + 8), /another key or version/],
  ["a shorter file", (bytes) => bytes.subarray(0, -1), /expected 1256 bytes but it has 1255/],
  ["a longer file", (bytes) => Buffer.concat([bytes, bytes]), /expected 1256 bytes but it has 2512/],
  ["an empty file", () => Buffer.alloc(0), /expected 1256 bytes but it has 0/],
])("%s is a fault", async (_, change, fault) => {
  await writeSealed(file, "a", content);
  await writeFile(file, change(await readFile(file)));
  expect(await readSealed(file, "a", 1000)).toEqual({ fault: expect.stringMatching(fault) });
});

test("a file under the name of another is a fault", async () => {
  await writeSealed(file, "a", content);
  await copyFile(file, join(folder, "b"));
  expect(await readSealed(join(folder, "b"), "b", 1000)).toEqual({ fault: "it is of another key or version" });
});
