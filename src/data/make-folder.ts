import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it that are missing; returns the topmost one that it made, or undefined if the folder was
 * there. Fails as `mkdir` does. (The `recursive` of `mkdir` never ends where a file system takes no folders, as /proc.)
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const folder = resolve(path);
  try {
    await mkdir(folder);
    return folder;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(folder) !== folder) return makeBelow(folder);
    if (await isFolder(folder)) return undefined;
    throw error;
  }
}

async function makeBelow(folder: string): Promise<string> {
  const topmost = await makeFolder(dirname(folder));
  await mkdir(folder);
  return topmost ?? folder;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
