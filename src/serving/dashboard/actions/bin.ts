/**
 * Deleted runs: moved to `.trash/TIME/ID` in the runs folder, so that each can be brought back to where it was. What is older than
 * some days is removed when the dashboard begins, and whenever another run is deleted.
 */
import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UserError } from "../../../errors.ts";
import { findRuns } from "../../../training/index.ts";
import type { Bin, DeletedRun } from "../api.ts";
import { expectInside, type RunsFolder, runPath } from "../runs/find.ts";
import { missing } from "../status-error.ts";
import { moveRun } from "./changes.ts";

/** The bin in the runs folder; lists of runs pass over names with a dot in front. */
const BIN = ".trash";
/** Days that a deleted run is kept. */
const DAYS = 30;
const DAY = 86_400_000;
/** The time of a deletion, in UTC, as the name of a folder. */
const ENTRY = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z$/;

const timeOf = (entry: string): number => Date.parse(entry.replace(ENTRY, "$1T$2:$3:$4.$5Z"));

/** The entries of the bin, the last deleted first; anything else in the folder, links too, is left alone. */
async function entriesOf(runs: RunsFolder): Promise<string[]> {
  const bin = join(runs.root, BIN);
  const isOurs = await expectInside(runs, bin).then(
    () => true,
    () => false,
  );
  const entries = isOurs ? await readdir(bin, { withFileTypes: true }).catch(() => []) : [];
  const names = entries.filter((entry) => entry.isDirectory() && ENTRY.test(entry.name)).map(({ name }) => name);
  return names.sort((a, b) => (a < b ? 1 : -1));
}

/** The run in an entry; undefined if it was taken out by hand. */
async function deletedIn({ root }: RunsFolder, entry: string): Promise<DeletedRun | undefined> {
  const folder = join(root, BIN, entry);
  const [path] = await findRuns(folder).catch(() => []);
  const id = path?.slice(folder.length + 1).replaceAll("\\", "/");
  return id ? { entry, id, deleted: timeOf(entry) } : undefined;
}

/** What can be brought back. */
export async function listBin(runs: RunsFolder): Promise<Bin> {
  const found = await Promise.all((await entriesOf(runs)).map((entry) => deletedIn(runs, entry)));
  return { folder: join(runs.root, BIN), days: DAYS, runs: found.filter((run) => run !== undefined) };
}

/** Moves a run into the bin. */
export async function deleteRun(runs: RunsFolder, id: string): Promise<DeletedRun> {
  await expectInside(runs, join(runs.root, BIN));
  await purgeBin(runs);
  const now = new Date();
  const entry = now.toISOString().replace(/[:.]/g, "-");
  await moveRun(runPath(runs, id), join(runs.root, BIN, entry, ...id.split("/")));
  return { entry, id, deleted: now.getTime() };
}

async function deletedRun(runs: RunsFolder, entry: string): Promise<DeletedRun> {
  const found = (await entriesOf(runs)).includes(entry) ? await deletedIn(runs, entry) : undefined;
  if (found) return found;
  throw missing(
    `"${entry.slice(0, 100)}": there is no such deleted run.`,
    "It may have been brought back: see the list.",
  );
}

/** Brings a run back to where it was; its id. A name that is taken since is a 409. */
export async function restoreRun(runs: RunsFolder, entry: string): Promise<string> {
  const { id } = await deletedRun(runs, entry);
  const [folder, path] = [join(runs.root, BIN, entry), runPath(runs, id)];
  await expectInside(runs, path);
  await moveRun(join(folder, ...id.split("/")), path);
  await removeEmpty(folder, id.split("/").slice(0, -1));
  return id;
}

/** Removes the folders that were around a run, and then the entry, as far as nothing else is in them. */
async function removeEmpty(folder: string, parts: readonly string[]): Promise<void> {
  for (let depth = parts.length; 0 <= depth; depth--)
    await rmdir(join(folder, ...parts.slice(0, depth))).catch(() => {});
}

/** Removes a deleted run for good. */
export async function removeForGood(runs: RunsFolder, entry: string): Promise<void> {
  await deletedRun(runs, entry);
  await rm(join(runs.root, BIN, entry), { recursive: true }).catch((error: unknown) => {
    const message = `"${join(runs.root, BIN, entry)}": expected to remove it but ${messageOf(error)}.`;
    throw new UserError(message, "Give yourself the right to write there.", { cause: error });
  });
}

/** Removes what was deleted too long ago. */
export async function purgeBin(runs: RunsFolder, now = Date.now()): Promise<void> {
  for (const entry of await entriesOf(runs)) {
    if (now - timeOf(entry) < DAYS * DAY) continue;
    await rm(join(runs.root, BIN, entry), { recursive: true, force: true }).catch(() => {}); // tried again next time
  }
}
