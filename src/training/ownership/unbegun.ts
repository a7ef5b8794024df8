/** Folders of runs that were ended before their first checkpoint: there is nothing to go on with, and nothing to lose. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { RUN_FILES } from "../run-files.ts";
import { PROGRESS_FILE } from "../run-progress.ts";
import { LOCK_FILE } from "./lock.ts";
import { isUnfinished, removeUnfinished } from "./unfinished.ts";

/** What a run writes before its first checkpoint. */
const FIRST_FILES: readonly string[] = [
  ...[RUN_FILES.config, RUN_FILES.metrics, RUN_FILES.log, RUN_FILES.labels, RUN_FILES.photos],
  ...[PROGRESS_FILE, LOCK_FILE],
];

/** Whether a folder holds nothing but what a run writes before its first checkpoint, and no records. */
export async function isUnbegun(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  if (names.length === 0 || names.some((name) => !FIRST_FILES.includes(name) && !isUnfinished(name))) return false;
  const records = await stat(join(path, RUN_FILES.metrics)).then(
    ({ size }) => size,
    () => 0,
  );
  return records === 0;
}

/** Takes away what a run has left that was ended before its first checkpoint; the lock is whoever's calls this. */
export async function clearUnbegun(path: string): Promise<void> {
  for (const name of await readdir(path))
    if (name !== LOCK_FILE && FIRST_FILES.includes(name)) await rm(join(path, name), { force: true });
  await removeUnfinished(path);
}

/** That there is nothing to go on with. */
export const notBegun = (path: string): UserError =>
  new UserError(
    `"${path}": expected the folder of a run that has begun but it was ended before its first checkpoint.`,
    `Train again, with --out ${path} if you like: it is taken as a new folder.`,
  );
