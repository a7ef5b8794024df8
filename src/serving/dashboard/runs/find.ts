/** The runs below a folder, and which of them an address means. */
import { lstat, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { messageOf, UserError } from "../../../errors.ts";
import { expectNoLinks, findRuns, looksLikeRun } from "../../../training/index.ts";
import { forbidden, missing } from "../status-error.ts";

/** Where runs are looked for. */
export interface RunsFolder {
  /** Absolute. */
  readonly root: string;
  /** As it was given. */
  readonly name: string;
  /** The one run that is shown, where the folder given is a run itself. */
  readonly only?: string;
  /** The first run will make it. */
  readonly isMissing?: boolean;
}

/** Folders between the runs folder and a run, at most. */
const DEPTH = 3;

/** Opens a folder of runs, which the first run may have yet to make, or one run. What can be no folder is a `UserError`. */
export async function openRunsFolder(name: string): Promise<RunsFolder> {
  const root = resolve(name);
  const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    const received = error.code === "ENOTDIR" ? "a part of the path is a file" : messageOf(error);
    throw new UserError(`"${name}": expected a folder of runs but ${received}.`, "Check the path.", { cause: error });
  });
  if (!found) return { root, name, isMissing: true };
  if (!found.isDirectory()) {
    throw new UserError(`"${name}": expected a folder of runs but it is a file.`, "Train first: ocelli train digits");
  }
  return (await looksLikeRun(root)) ? { root: dirname(root), name, only: basename(root) } : { root, name };
}

/** The ids of all runs. */
export async function findRunIds({ root, only }: RunsFolder): Promise<string[]> {
  if (only !== undefined) return [only];
  const paths = await findRuns(root).catch(() => []); // there may be no such folder yet
  return paths.map((path) => relative(root, path).split(sep).join("/")).filter((id) => id !== "");
}

/** Whether `path` is `folder` or lies in it; both absolute, links followed. */
export const liesIn = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);

/** The path that a run of that id has or would have. What leads out of the runs folder is refused (403). */
export function runPath({ root, only }: RunsFolder, id: string): string {
  const parts = id.split("/");
  const leadsOut = parts.some((part) => part === "" || part.startsWith(".") || /[\\\0:]/.test(part));
  if (leadsOut || DEPTH < parts.length || (only !== undefined && id !== only)) {
    throw forbidden(`run "${id}": expected a folder in the runs folder.`);
  }
  return join(root, ...parts);
}

/** Refuses (403) a folder in the runs folder, be it there or yet to be made, to which links lead out of the runs folder. */
export async function expectInside({ root }: RunsFolder, folder: string): Promise<void> {
  let there = folder;
  while (there !== root && !(await lstat(there).catch(() => undefined))) there = dirname(there);
  const real = await realpath(there).catch(() => undefined); // a link may name what is not there
  if (real !== undefined && liesIn(await realpath(root), real)) return;
  throw forbidden(
    `"${there}": expected a folder in the runs folder but it is a link that leads out.`,
    "Remove the link if you do not know it.",
  );
}

/** The path of the run of that id. What leads out of the runs folder, by a link too, is refused (403); what is not there is a 404. */
export async function findRun(runs: RunsFolder, id: string): Promise<string> {
  const path = runPath(runs, id);
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined)
    throw missing(`run "${id}": there is no such run.`, "It may have been removed: go to the list.");
  if (!liesIn(await realpath(runs.root), real)) throw forbidden(`run "${id}": it leads out of the runs folder.`);
  await expectNoLinks(path).catch((error: unknown) => {
    throw error instanceof UserError ? forbidden(error.message, error.hint) : error;
  });
  return path;
}
