/** What is kept is listed and removed by kind; nothing outside the cache folder is touched. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cacheLimit, listCache, readSealed, trimFeatures, writeSealed } from "../../cache/index.ts";
import { cacheCommand } from "./cache.ts";

let root = "";
let cache = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ocelli-cache-"));
  cache = join(root, "cache");
  vi.stubEnv("OCELLI_CACHE", cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

/** A file of so many bytes, last used so many seconds after 1970. */
async function put(name: string, bytes: number, seconds = 1000): Promise<void> {
  await mkdir(join(cache, name, ".."), { recursive: true });
  await writeFile(join(cache, name), Buffer.alloc(bytes));
  await utimes(join(cache, name), seconds, seconds);
}

async function fill(): Promise<void> {
  await put("features/a.f32", 300);
  await put("mnist/train-images-idx3-ubyte.gz", 20);
  await put("fonts-inter-1-2/a.ttf", 10);
  await put("onnx-kernels.json", 5);
  await put("notes.txt", 7);
}

/** What `ocelli cache …` prints. */
async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  await cacheCommand.parseAsync(args, { from: "user" });
  return lines.join("");
}

test("entries are listed with kind, size, last use and place", async () => {
  expect(await printed("list")).toBe(`Nothing is kept in ${cache}.\n`);
  await fill();
  const { entries, bytes } = JSON.parse(await printed("list", "--json"));
  expect(entries.map(({ kind, bytes }: { kind: string; bytes: number }) => [kind, bytes])).toEqual([
    ["features", 300],
    ["data", 20],
    ["fonts", 10],
    ["kernels", 5],
  ]);
  expect(bytes).toBe(335);
  expect(entries[0]).toMatchObject({ path: join(cache, "features", "a.f32"), used: "1970-01-01T00:16:40.000Z" });
});

test("clear removes one kind, or all but the fonts, and nothing that is not ocelli's", async () => {
  await fill();
  expect(await printed("clear", "data")).toContain("Removed 1 entry");
  expect((await readdir(cache)).toSorted()).toEqual(["features", "fonts-inter-1-2", "notes.txt", "onnx-kernels.json"]);
  await printed("clear");
  expect((await listCache()).map(({ kind }) => kind)).toEqual(["fonts"]);
  expect(existsSync(join(cache, "notes.txt"))).toBe(true);
});

test.skipIf(process.platform === "win32")("links lead nowhere out of the cache", async () => {
  const outside = join(root, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "mine"), "mine");
  await mkdir(join(cache, "mnist"), { recursive: true });
  await symlink(outside, join(cache, "mnist", "link"));
  await symlink(outside, join(cache, "features"));
  await symlink(outside, join(cache, "fashion-mnist"));
  await printed("clear");
  expect(await readdir(cache)).toEqual(["fashion-mnist", "features"]);
  expect(await readdir(outside)).toEqual(["mine"]);
});

test("the least recently used features go first, the new ones last", async () => {
  for (const [name, seconds] of Object.entries({ b: 2, a: 3, c: 1 })) await put(`features/${name}.f32`, 100, seconds);
  await trimFeatures(200, join(cache, "features", "c.f32"));
  expect(await readdir(join(cache, "features"))).toEqual(["a.f32", "c.f32"]);
  await trimFeatures(100, join(cache, "features", "c.f32"));
  expect(await readdir(join(cache, "features"))).toEqual(["c.f32"]);
});

test("reading an entry is a use of it", async () => {
  const file = join(cache, "features", "a.f32");
  await writeSealed(file, "a", new Uint8Array(4));
  await utimes(file, 1, 1);
  await readSealed(file, "a", 4);
  expect((await listCache())[0]?.used).toBeGreaterThan(1e12);
});

test("the limit is 10 GB or what the environment says", () => {
  expect(cacheLimit()).toBe(10e9);
  vi.stubEnv("OCELLI_CACHE_LIMIT", "0.5");
  expect(cacheLimit()).toBe(5e8);
  vi.stubEnv("OCELLI_CACHE_LIMIT", "much");
  expect(cacheLimit).toThrow('OCELLI_CACHE_LIMIT: expected a number of gigabytes of at least 0 but got "much".');
});
