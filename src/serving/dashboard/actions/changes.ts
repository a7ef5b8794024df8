/** What people change of runs: names and notes. */
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeFileAtomic } from "../../../atomic-file.ts";
import { messageOf, UserError } from "../../../errors.ts";
import { parseJson } from "../../../json.ts";
import { readOwn } from "../../../own-file.ts";
import { isAtWork, lockHolder, RUN_FILES, readProgress } from "../../../training/index.ts";
import { type RunsFolder, runPath } from "../runs/find.ts";
import { conflict } from "../status-error.ts";

/** Letters of a name that every file system takes. */
const LONGEST_NAME = 100;
const LONGEST_NOTE = 10_000;
/** What Windows does not take in a name, and what would lead to another folder. */
const REFUSED = /[/\\:*?"<>|\p{Cc}]/u;

/** A run's new name, without blanks at its ends. One that cannot be the name of a folder is a `UserError`. */
export function checkedName(given: string): string {
  const name = given.trim();
  const fault =
    name === ""
      ? "it is empty"
      : LONGEST_NAME < name.length
        ? `it has ${name.length} letters`
        : name.startsWith(".")
          ? "it begins with a dot"
          : REFUSED.test(name)
            ? `it has ${JSON.stringify(REFUSED.exec(name)?.[0])} in it`
            : undefined;
  if (fault === undefined) return name;
  throw new UserError(
    `name ${JSON.stringify(name.slice(0, LONGEST_NAME))}: expected the name of a folder but ${fault}.`,
    `Give 1 to ${LONGEST_NAME} letters, digits, blanks, dots, - or _, without a dot in front.`,
  );
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** That a run in training is neither moved nor gone on with (409). */
export const inTraining = (id: string): UserError =>
  conflict(`run "${id}": expected a run at rest but it is in training.`, "Stop it first, or wait for its end.");

/** Throws (409) while the run's own process is at work, wherever it was started. */
export async function requireIdle(path: string, id: string): Promise<void> {
  const progress = await readProgress(path);
  if ((progress && isAtWork(progress)) || (await lockHolder(path))) throw inTraining(id);
}

/** Moves a run's folder. A name that is taken is a 409, and what the system refuses a `UserError`. */
export async function moveRun(from: string, to: string): Promise<void> {
  if (await isThere(to))
    throw conflict(`"${to}": expected no such folder but there is one.`, "Rename the other, or choose another name.");
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to).catch((error: unknown) => {
    const message = `"${from}": expected to move it to "${to}" but ${messageOf(error)}.`;
    throw new UserError(message, "Give yourself the right to write there.", { cause: error });
  });
}

/** Gives a run's folder another name beside the old one; its new id. */
export async function renameRun(runs: RunsFolder, id: string, given: string): Promise<string> {
  const name = checkedName(given);
  const parent = id.split("/").slice(0, -1);
  const to = [...parent, name].join("/");
  if (to === id) return id;
  const path = runPath(runs, to);
  await moveRun(runPath(runs, id), path);
  await correctSummary(path);
  return to;
}

/** `summary.json` has the folder's path, as it was given when the run began. */
async function correctSummary(path: string): Promise<void> {
  const file = join(path, RUN_FILES.summary);
  const text = await readOwn(file).catch(() => undefined);
  if (text === undefined) return;
  try {
    const summary = parseJson(text) as { run?: unknown };
    if (typeof summary.run !== "string") return;
    const run = join(dirname(summary.run), basename(path));
    await writeFileAtomic(file, `${JSON.stringify({ ...summary, run }, null, 2)}\n`);
  } catch {} // a summary that cannot be read stays as it is
}

/** Keeps what a person notes of a run in its folder; an empty note takes it away. */
export async function writeNote(path: string, given: string): Promise<string> {
  const note = given.trim();
  if (LONGEST_NOTE < note.length)
    throw new UserError(
      `note: expected at most ${LONGEST_NOTE} letters but it has ${note.length}.`,
      "Shorten it, or keep it in a file of its own.",
    );
  const file = join(path, RUN_FILES.note);
  if (note === "") await rm(file, { force: true });
  else await writeFileAtomic(file, `${note}\n`);
  return note;
}
