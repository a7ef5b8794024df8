import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { writeFileAtomic } from "./atomic-file.ts";
import { UserError } from "./errors.ts";

const disk = vi.hoisted(() => ({ isFull: false }));

// a disk that is full at the second half of a file: the only part of the system that is not the real one
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = async (path, flags) => {
    const file = await real.open(path, flags);
    const write = file.writeFile.bind(file);
    file.writeFile = async (content) => {
      if (!disk.isFull) return write(content);
      await write(String(content).slice(0, 3));
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    return file;
  };
  return { ...real, open };
});

const folder = await mkdtemp(join(tmpdir(), "ocelli-disk-"));
afterAll(() => rm(folder, { recursive: true }));

test("a full disk is a UserError, and what was there stays whole", async () => {
  const path = join(folder, "last.pth");
  await writeFile(path, "before");
  disk.isFull = true;
  const error = await writeFileAtomic(path, "after").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(`"${path}": expected to write this file but the disk is full.`);
  expect(await readFile(path, "utf8")).toBe("before");
  expect(await readdir(folder)).toEqual(["last.pth"]);
});
