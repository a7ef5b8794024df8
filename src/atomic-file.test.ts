import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { machineFault, writeFileAtomic } from "./atomic-file.ts";
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

test("faults of the machine are for people, whatever they came from; others are not", () => {
  const error = (code: string, more = {}) => Object.assign(new Error(`${code}: x`), { code, ...more });
  expect(machineFault(error("EMFILE", { path: "/a", syscall: "open" }))).toMatchObject({
    message: '"/a": expected open to work but the system lets this process open no more files.',
    hint: "Allow it more, such as by: ulimit -n 4096",
  });
  expect(machineFault(error("ENOSPC"))?.message).toBe("expected a file to work but the disk is full.");
  for (const other of [error("ENOENT"), error("ERR_INVALID_ARG_TYPE"), new Error("EIO"), "EIO"])
    expect(machineFault(other)).toBeUndefined();
});

test("small pieces are put together, and all arrive in order", async () => {
  disk.isFull = false;
  const path = join(folder, "pieces");
  const pieces = [1, 300_000, 2, 2, 262_144, 5].map((length, at) => new Uint8Array(length).fill(at));
  await writeFileAtomic(path, pieces);
  expect(Buffer.concat(pieces).equals(await readFile(path))).toBe(true);
});
