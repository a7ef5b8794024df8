/** Files of folders that may come from other people: opened without following links, and only where they are files. */
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { UserError } from "./errors.ts";

/** A link or another thing that is no file, where a file of our own is expected. */
export class NoOwnFile extends UserError {
  constructor(path: string, received: string) {
    const hint = "Remove it if you do not know it; a link to a file that you trust may be replaced by the file.";
    super(`"${path}": expected a file of the folder itself but it is ${received}.`, hint);
  }
}

/** Windows lacks these two: there the file is looked at before it is opened. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;

/**
 * Opens a file with `flags` (of `fs.constants`), which has to be one: a link, and a pipe, which would never end, are a
 * `NoOwnFile`. Other errors are the system's.
 */
export async function openOwn(path: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
  if (O_NOFOLLOW === 0 && (await lstat(path).catch(() => undefined))?.isSymbolicLink())
    throw new NoOwnFile(path, "a link");
  const file = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o666).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP" || error.code === "EMLINK") throw new NoOwnFile(path, "a link");
    if (error.code === "ENXIO") throw new NoOwnFile(path, "a pipe or a device"); // one that nobody reads
    throw error;
  });
  const found = await file.stat();
  if (found.isFile()) return file;
  await file.close();
  throw new NoOwnFile(path, found.isDirectory() ? "a folder" : "a pipe or a device");
}

/** Does something with a file that was opened so, and closes it. */
async function using<T>(path: string, flags: number, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openOwn(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** The text of a file. Fails as `openOwn` does. */
export const readOwn = (path: string): Promise<string> =>
  using(path, constants.O_RDONLY, (file) => file.readFile("utf8"));

/** The bytes of a file. Fails as `openOwn` does. */
export const readOwnBytes = (path: string): Promise<Uint8Array> =>
  using(path, constants.O_RDONLY, (file) => file.readFile());

/** Appends to a file, which is made where it is not there. Fails as `openOwn` does. */
export const appendOwn = (path: string, content: string | Uint8Array): Promise<void> =>
  using(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, (file) => file.appendFile(content));

/** Cuts a file off after so many bytes. Fails as `openOwn` does. */
export const truncateOwn = (path: string, length: number): Promise<void> =>
  using(path, constants.O_WRONLY, (file) => file.truncate(length));
