/** Files that a process was writing when it was ended: `.NAME.PID.tmp`, as `writeFileAtomic` calls them. */
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isAlive } from "./process-mark.ts";

const UNFINISHED = /^\.(.+)\.(\d+)\.tmp$/;

/** Whether a file has the name of one that is being written, or was when its process ended. */
export const isUnfinished = (name: string): boolean => UNFINISHED.test(name);

/**
 * Removes the unfinished files of a folder, or those of one `file` in it, but for those that another process of this machine may
 * be writing at the moment. Ones of this process's number are of an earlier one: who calls this writes nothing there yet.
 */
export async function removeUnfinished(folder: string, file?: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const [, of, pid] = UNFINISHED.exec(name) ?? [];
    if (of === undefined || (file !== undefined && of !== file)) continue;
    if (Number(pid) !== process.pid && (await isAlive({ pid: Number(pid), host: "", begun: "" }))) continue;
    await rm(join(folder, name), { force: true });
  }
}

/** Removes what processes that were ended have left of the file at `path`. */
export const removeUnfinishedOf = (path: string): Promise<void> => removeUnfinished(dirname(path), basename(path));
