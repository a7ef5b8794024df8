/** One process at a time writes to a run: `run.lock` names it. */
import { link, open, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { writeError, writeFileAtomic } from "../../atomic-file.ts";
import { UserError } from "../../errors.ts";
import { parseJson } from "../../json.ts";
import { readOwn } from "../../own-file.ts";
import { isAlive, ownMark, type ProcessMark } from "./process-mark.ts";

/** Its name in a run's folder. */
export const LOCK_FILE = "run.lock";
/** Held for the moment in which a lock is taken over. */
const TAKEOVER_FILE = ".run.lock.takeover";
/** Milliseconds after which whoever was about to take or to write a lock is gone. */
const PATIENCE = 10_000;

const markSchema = z.object({ pid: z.number().int().positive(), host: z.string(), begun: z.string() });

/** How a run is taken. */
export interface LockOptions {
  /** Whether one is taken that a process of another machine holds. */
  readonly force?: boolean;
  /** What a person does to take such a run, for the hint. */
  readonly taking?: string;
}

/** A run that this process alone writes to. */
export interface RunLock {
  /** Lets others write, unless another process has taken the run by force. */
  release(): Promise<void>;
}

/** Runs that this process holds. */
const held = new Set<string>();

/**
 * Takes the lock of a run's folder, which is there. A lock whose process is gone is taken over. One that a process at work holds,
 * or one of another machine, of which nothing is known here, is a `UserError`; `force` takes the latter.
 */
export async function lockRun(run: string, options: LockOptions = {}): Promise<RunLock> {
  const file = join(run, LOCK_FILE);
  const own = await ownMark();
  const text = `${JSON.stringify(own)}\n`;
  if (held.has(file)) throw atWork(run, process.pid);
  if (!(await isMade(file, text))) await takeOver(run, text, options);
  held.add(file);
  return {
    async release() {
      held.delete(file);
      if (!isDeepStrictEqual(await readMark(file), own)) return;
      await rm(file, { force: true }).catch(() => {}); // it is taken over when this process is gone
    },
  };
}

/** The process of this machine that writes to a run; undefined where there is none. */
export async function lockHolder(run: string): Promise<ProcessMark | undefined> {
  const mark = await readMark(join(run, LOCK_FILE));
  return mark?.host === hostname() && (await isAlive(mark)) ? mark : undefined;
}

/** Whether there was no such file, which is there now, with all of its text from the beginning where the file system has links. */
async function isMade(file: string, text: string): Promise<boolean> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    await rm(temporary, { force: true }); // of a process that had this number
    await writeNew(temporary, text);
    const isLinked = await link(temporary, file).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") throw error;
        return false;
      },
    );
    if (!isLinked) await writeNew(file, text);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error instanceof UserError ? error : writeError(file, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Makes a file; one that cannot be written to its end is taken away. */
async function writeNew(file: string, text: string): Promise<void> {
  const made = await open(file, "wx");
  try {
    await made.writeFile(text).finally(() => made.close());
  } catch (error) {
    await rm(file, { force: true }).catch(() => {});
    throw error;
  }
}

/** What a lock says of its process; undefined where that cannot be read. */
async function readMark(file: string): Promise<ProcessMark | undefined> {
  const text = await readOwn(file).catch(() => "");
  try {
    return markSchema.safeParse(parseJson(text)).data;
  } catch {
    return undefined;
  }
}

async function takeOver(run: string, text: string, options: LockOptions): Promise<void> {
  const takeover = join(run, TAKEOVER_FILE);
  await expectFree(run, options);
  if (PATIENCE < (await ageOf(takeover))) await rm(takeover, { force: true });
  if (!(await isMade(takeover, ""))) throw atWork(run);
  try {
    await expectFree(run, options); // another one may have taken it meanwhile
    await writeFileAtomic(join(run, LOCK_FILE), text);
  } finally {
    await rm(takeover, { force: true }).catch(() => {});
  }
}

/** Milliseconds since a file was written; 0 where there is none. */
const ageOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );

async function expectFree(
  run: string,
  { force = false, taking = `take the run with: ocelli resume ${run} --force` }: LockOptions,
): Promise<void> {
  const file = join(run, LOCK_FILE);
  const mark = await readMark(file);
  if (mark === undefined) {
    if ((await ageOf(file)) < PATIENCE) throw atWork(run); // it is made first and written then
    return;
  }
  if (mark.host !== hostname()) {
    if (force) return;
    throw new UserError(
      `"${run}": expected no other process at the run but its ${LOCK_FILE} is of process ${mark.pid} on ${mark.host}.`,
      `If that process is gone, ${taking}`,
    );
  }
  if (await isAlive(mark)) throw atWork(run, mark.pid);
}

const atWork = (run: string, pid?: number): UserError =>
  new UserError(
    `"${run}": expected no other process at the run but ${pid === undefined ? "one begins" : `process ${pid} writes to it`}.`,
    "Wait for its end, or stop it.",
  );
