/** Files that are read a piece at a time, so that no more of them is in memory than is asked for. */
import { constants } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { messageOf, UserError } from "../errors.ts";
import { lookup } from "../lookup.ts";
import { FormatError } from "./format-error.ts";

/** Bytes at known places: of a file, or of memory. */
export interface ByteSource {
  readonly size: number;
  /** A copy in memory of its own, so that it is aligned for every element type. Bytes that are not there are a `FormatError`. */
  read(from: number, count: number): Uint8Array<ArrayBuffer>;
}

/** Bytes that are in memory. */
export const memorySource = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read(from, count) {
    checkRange(bytes.length, from, count);
    return new Uint8Array(bytes.subarray(from, from + count));
  },
});

function checkRange(size: number, from: number, count: number): void {
  if (!(0 <= from && 0 <= count && from + count <= size)) throw new FormatError("it is cut off or damaged");
  if (constants.MAX_LENGTH < count) throw new FormatError(`a part of it has ${count} bytes, more than can be held`);
}

/** `readSync` takes no more at once. */
const MAX_READ = 2 ** 30;

/**
 * Calls `use` with the bytes of a file, which is open until then. `kind` is what is expected, such as "a .pth file"; a
 * file that is not there, cannot be read or breaks its format (`FormatError`) is a `UserError`.
 */
export async function readSource<T>(
  path: string,
  kind: string,
  use: (source: ByteSource) => T | Promise<T>,
): Promise<T> {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return await use(fileSource(file));
  } catch (error) {
    throw readError(error, path, kind);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function fileSource(file: number): ByteSource {
  const { size } = fstatSync(file);
  return {
    size,
    read(from, count) {
      checkRange(size, from, count);
      const { buffer } = Buffer.allocUnsafeSlow(count);
      const bytes = new Uint8Array(buffer as ArrayBuffer, 0, count);
      for (let done = 0; done < count; ) {
        const got = readSync(file, bytes, done, Math.min(count - done, MAX_READ), from + done);
        if (got === 0) throw new FormatError("it became shorter while it was read");
        done += got;
      }
      return bytes;
    },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "reading it is not permitted",
};

/** The error of a file that cannot be read or breaks its format, for people; other errors stay as they are. */
export function readError(error: unknown, path: string, kind: string): unknown {
  if (error instanceof FormatError) return formatError(error, path, kind);
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const received = lookup(REASONS, code ?? "") ?? `it cannot be read (${messageOf(error)})`;
  const hint = code === "EACCES" ? "Give yourself the right to read it." : "Check the path.";
  return new UserError(`"${path}": expected ${kind} but ${received}.`, hint, { cause: error });
}

function formatError(error: FormatError, path: string, kind: string): UserError {
  if (error.forbidden === undefined) {
    const hint = error.hint ?? "Fetch or save the file again: it is damaged, or of another kind.";
    return new UserError(`"${path}": expected ${kind} but ${error.message}.`, hint, { cause: error });
  }
  return new UserError(
    `"${path}": expected tensors and plain data but it asks to run "${error.forbidden}".`,
    "Do not use a file from a source that you do not trust; save a state dict, which needs no code.",
    { cause: error },
  );
}
