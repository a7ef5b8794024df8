import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

const parent = await mkdtemp(join(tmpdir(), "ocelli-folder-"));
afterAll(() => rm(parent, { recursive: true }));

test("makes what is missing and says where it began", async () => {
  expect(await makeFolder(join(parent, "a", "b", "c"))).toBe(join(parent, "a"));
  expect((await stat(join(parent, "a", "b", "c"))).isDirectory()).toBe(true);
  expect(await makeFolder(join(parent, "a", "b", "c"))).toBeUndefined();
  expect(await makeFolder(join(parent, "a", "d"))).toBe(join(parent, "a", "d"));
});

test("fails on files", async () => {
  await writeFile(join(parent, "file"), "");
  await expect(makeFolder(join(parent, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(parent, "file", "x", "y"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

test.skipIf(process.platform !== "linux")("fails where the file system takes no folders", async () => {
  await expect(makeFolder("/proc/ocelli/a")).rejects.toMatchObject({ code: "ENOENT" });
});
