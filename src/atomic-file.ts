import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, UserError } from "./errors.ts";
import { lookup } from "./lookup.ts";

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ["the disk is full", "Free some space, or choose a folder on another disk."],
  EDQUOT: ["the disk quota is used up", "Free some space, or choose a folder on another disk."],
  EACCES: ["writing there is not permitted", "Choose a folder that you may write to."],
  EPERM: ["writing there is not permitted", "Choose a folder that you may write to."],
  EROFS: ["the file system is read-only", "Choose a folder that you may write to."],
  ENOENT: ["its folder does not exist", "Create the folder, or choose another."],
  ENOTDIR: ["its folder is a file", "Choose a folder."],
  EISDIR: ["a folder has that name", "Choose another name."],
  EIO: ["the disk reported an error", "Look at the disk, or choose a folder on another one."],
  EMFILE: ["the system lets this process open no more files", "Allow it more, such as by: ulimit -n 4096"],
  ENFILE: ["the system has no more files to open", "End other programs, or allow more files."],
};

/** What no program causes by itself: the machine's limits and faults. */
const FAULTS = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE"];

/** An error of the system that people can mend, wherever it came from; undefined for any other. */
export function machineFault(error: unknown): UserError | undefined {
  if (!(error instanceof Error && "code" in error && FAULTS.includes(String(error.code)))) return undefined;
  const [reason = "", hint = ""] = lookup(REASONS, String(error.code)) ?? [];
  const { path, syscall } = error as NodeJS.ErrnoException;
  const place = path === undefined ? "" : `"${path}": `;
  return new UserError(`${place}expected ${syscall ?? "a file"} to work but ${reason}.`, hint, { cause: error });
}

/** The error of a file that could not be written, for people if its cause is one that they can mend. */
export function writeError(path: string, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [reason, hint] = lookup(REASONS, code) ?? [messageOf(error), "Choose another folder."];
  return new UserError(`"${path}": expected to write this file but ${reason}.`, hint, { cause: error });
}

/**
 * Writes a file so that it is there whole or not at all: a temporary file beside it, fsync, rename. What `path` held before
 * stays until then. Content in pieces is written piece by piece. A full disk and a folder that cannot be written are a
 * `UserError`.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | readonly Uint8Array[],
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await rm(temporary, { force: true }); // of a process that had this number, or a link that somebody put there
    const file = await open(temporary, "wx");
    try {
      const isWhole = typeof content === "string" || content instanceof Uint8Array;
      for (const piece of isWhole ? [content] : gathered(content)) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

/** Bytes up to which small pieces are put together, as each writing takes as long as copying so many. */
const GATHERED = 2 ** 18;

function* gathered(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    if (GATHERED < size + piece.length && 0 < size) {
      yield Buffer.concat(small);
      [small, size] = [[], 0];
    }
    if (GATHERED <= piece.length) yield piece;
    else {
      small.push(piece);
      size += piece.length;
    }
  }
  if (0 < size) yield Buffer.concat(small);
}
