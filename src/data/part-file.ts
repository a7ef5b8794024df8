/**
 * The unfinished file of a download. Each download writes to one of its own, named by its process; a beginning that an earlier
 * one has left is taken over by a rename, which only one of several can do.
 */
import { randomUUID } from "node:crypto";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Bytes of the file, 0 if it is not there. */
export const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Takes what has come of `path` before, if anything; returns the name to go on with. */
export async function takePart(path: string): Promise<string> {
  const own = `${path}.${process.pid}-${randomUUID().slice(0, 8)}.part`;
  const left = (await readdir(dirname(path))).filter((name) => isLeft(name, basename(path)));
  for (const name of [`${basename(path)}.part`, ...left]) {
    const isTaken = await rename(join(dirname(path), name), own).then(
      () => true,
      () => false,
    );
    if (isTaken) break;
  }
  return own;
}

/** Leaves what has come for a later download to go on from. */
export async function leavePart(part: string, path: string): Promise<void> {
  if ((await sizeOf(part)) === 0) await rm(part, { force: true });
  else await rename(part, `${path}.part`).catch(() => {});
}

/** Whether a file is the part of a process that has ended. */
function isLeft(name: string, file: string): boolean {
  if (!name.startsWith(`${file}.`)) return false;
  const pid = /^(\d+)-[0-9a-f]{8}\.part$/.exec(name.slice(file.length + 1))?.[1];
  return pid !== undefined && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
