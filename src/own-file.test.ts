import { spawnSync } from "node:child_process";
import { constants } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "./atomic-file.ts";
import { appendOwn, openOwn, readOwn, readOwnBytes, truncateOwn } from "./own-file.ts";

const root = await mkdtemp(join(tmpdir(), "ocelli-own-"));
afterAll(() => rm(root, { recursive: true }));
const [secret, link, file] = [join(root, "secret"), join(root, "link"), join(root, "file")];
beforeEach(async () => {
  await writeFile(secret, "secret");
  await rm(file, { force: true });
  await rm(link, { force: true });
});

/** All that is done with a path. */
const uses = (path: string): (() => Promise<unknown>)[] => [
  () => readOwn(path),
  () => readOwnBytes(path),
  () => appendOwn(path, "more"),
  () => truncateOwn(path, 0),
];

test("a file is read, appended to, made and cut", async () => {
  await appendOwn(file, "ab");
  await appendOwn(file, Uint8Array.of(99));
  expect([await readOwn(file), [...(await readOwnBytes(file))]]).toEqual(["abc", [97, 98, 99]]);
  await truncateOwn(file, 1);
  expect(await readOwn(file)).toBe("a");
  await expect(readOwn(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

test.each(["secret", "none"])("a link to %s is not followed, whatever is to be done", async (name) => {
  await symlink(join(root, name), link);
  for (const use of uses(link))
    await expect(use()).rejects.toMatchObject({
      name: "UserError",
      message: `"${link}": expected a file of the folder itself but it is a link.`,
    });
  expect(await readFile(secret, "utf8")).toBe("secret");
  await expect(readFile(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a folder, a device and a pipe that nobody writes to are refused at once", async () => {
  await mkdir(join(root, "folder"), { recursive: true });
  await expect(openOwn(join(root, "folder"))).rejects.toThrow("but it is a folder.");
  if (process.platform === "win32") return;
  await expect(openOwn("/dev/zero")).rejects.toThrow("but it is a pipe or a device.");
  const pipe = join(root, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  await expect(openOwn(pipe)).rejects.toThrow("but it is a pipe or a device.");
  await expect(openOwn(pipe, constants.O_WRONLY)).rejects.toThrow("but it is a pipe or a device.");
});

test("a link where a file is written first is replaced, not followed", async () => {
  await symlink(secret, join(root, `.file.${process.pid}.tmp`));
  await writeFileAtomic(file, "new");
  expect([await readFile(file, "utf8"), await readFile(secret, "utf8")]).toEqual(["new", "secret"]);
});
