/** The folder of a run: what training writes, and everything else reads. */
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { writeError, writeFileAtomic } from "../atomic-file.ts";
import { formatMarks, type IdxData, type Marks, readMarksFile } from "../data/index.ts";
import { makeFolder } from "../data/make-folder.ts";
import { messageOf, UserError } from "../errors.ts";
import { harmless } from "../harmless.ts";
import { parseJson } from "../json.ts";
import { lookup } from "../lookup.ts";
import type { LossAndAccuracy, MetricsRecord } from "../metrics/index.ts";
import { appendOwn, readOwn, truncateOwn } from "../own-file.ts";
import { type ConfigLayer, parseRunConfig, type ResolvedConfig, resolveConfig } from "./config.ts";
import { expectNoLinks } from "./ownership/links.ts";
import { lockHolder, lockRun } from "./ownership/lock.ts";
import { clearUnbegun, isUnbegun, notBegun } from "./ownership/unbegun.ts";
import { removeUnfinished } from "./ownership/unfinished.ts";
import { photoList } from "./resuming/data-changes.ts";
import { RUN_FILES } from "./run-files.ts";

/** A run's folder. Records and log lines are appended in the order in which they come. */
export interface RunFolder {
  readonly path: string;
  file(name: keyof typeof RUN_FILES): string;
  /** Adds a record to `metrics.jsonl`; written in groups, about once a second while there are some, and at the latest by `flush`. */
  record(record: MetricsRecord): void;
  /** Adds a line with the time to `log.txt`, likewise. */
  log(line: string): void;
  /** Writes what was added; a full disk is a `UserError`, of this and of every later call. */
  flush(): Promise<void>;
}

/** Whether the folder holds a run. */
export async function isRunFolder(path: string): Promise<boolean> {
  return stat(join(path, RUN_FILES.config)).then(
    () => true,
    () => false,
  );
}

/**
 * Throws a `UserError` unless a run may be made there: in a new or empty folder, or one in which another run was ended before its
 * first checkpoint.
 */
export async function checkRunFolder(path: string): Promise<void> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw folderError(path, error);
  });
  if (entries.length === 0) return;
  const holder = await lockHolder(path);
  if (holder)
    throw new UserError(
      `"${path}": expected a new or empty folder but process ${holder.pid} writes a run to it.`,
      "Choose another --out.",
    );
  if (await isUnbegun(path)) return;
  const run = await isRunFolder(path);
  throw new UserError(
    `"${path}": expected a new or empty folder but it holds ${run ? "a run already" : `"${entries[0]}"`}.`,
    run ? `Choose another --out, or go on with \`ocelli resume ${path}\`.` : "Choose another --out.",
  );
}

/** A run that is being made; `withdraw` takes away all that was made, for a run that could not start. */
export interface NewRunFolder extends RunFolder {
  withdraw(): Promise<void>;
  /** Lets other processes write to it. */
  release(): Promise<void>;
}

/** What a new run is made with besides its settings. */
export interface NewRunOptions {
  readonly data?: IdxData;
  /** Whether a folder is taken that a process of another machine holds, in which its run had not begun. */
  readonly force?: boolean;
}

/**
 * Makes the folder of a new run, which this process alone writes to, and writes its `config.json`, and what people said of single
 * photos. A folder with anything in it is a `UserError`, unless it is of a run that was ended before it began.
 */
export async function createRunFolder(
  path: string,
  config: ResolvedConfig,
  { data, force }: NewRunOptions = {},
): Promise<NewRunFolder> {
  await checkRunFolder(path);
  const topmost = await makeFolder(path).catch((error: unknown) => {
    throw folderError(path, error);
  });
  const lock = await lockRun(path, { force, taking: "give the command again with --force." });
  const folder = {
    ...openRunFolder(path),
    release: () => lock.release(),
    withdraw: async () => {
      await lock.release();
      await withdraw(path, topmost);
    },
  };
  try {
    if (!(await isUnbegun(path))) throw folderError(path, new Error("another program writes to it"));
    await clearUnbegun(path);
    await writeFileAtomic(folder.file("config"), `${JSON.stringify(config, null, 2)}\n`);
    await writeFileAtomic(folder.file("metrics"), "");
    await writeFileAtomic(folder.file("log"), "");
    if (data) await writeDataFiles(folder, data);
  } catch (error) {
    await folder.withdraw();
    throw error;
  }
  return folder;
}

/** Writes down which photos a run is made on, and what people said of single ones. */
export async function writeDataFiles(folder: RunFolder, data: IdxData): Promise<void> {
  const marks = "marks" in data ? (data.marks as Marks) : {};
  if (0 < Object.keys(marks).length) await writeFileAtomic(folder.file("labels"), formatMarks(marks));
  else
    await rm(folder.file("labels"), { force: true }).catch((error: unknown) => {
      throw writeError(folder.file("labels"), error);
    });
  const list = photoList(data);
  if (list !== undefined) await writeFileAtomic(folder.file("photos"), list);
}

/** Removes a run's files, and its folders up to `topmost` as far as nothing else is in them. */
async function withdraw(path: string, topmost: string | undefined): Promise<void> {
  const made = Object.values(RUN_FILES).filter((name) => name !== RUN_FILES.note); // a note is a person's own
  for (const name of made) await rm(join(path, name), { force: true });
  if (topmost === undefined) return;
  const last = dirname(resolve(topmost));
  try {
    for (let folder = resolve(path); folder !== last; folder = dirname(folder)) await rmdir(folder);
  } catch {} // someone else's files are there now
}

const FOLDER_REASONS: Readonly<Record<string, string>> = {
  EEXIST: "it is a file",
  ENOTDIR: "it, or a part of its path, is a file",
  ENOENT: "no folder can be made there",
  EACCES: "that is not permitted",
  EPERM: "that is not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

function folderError(path: string, error: unknown): UserError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return new UserError(
    `"${path}": expected a folder to write the run to but ${lookup(FOLDER_REASONS, code) ?? messageOf(error)}.`,
    "Choose another --out.",
    { cause: error },
  );
}

/** A folder under `parent` that no run has yet: `NAME-1`, `NAME-2`, … */
export async function freeRunFolder(parent: string, name: string): Promise<string> {
  const taken = new Set(await readdir(parent).catch(() => []));
  let number = 1;
  while (taken.has(`${name}-${number}`)) number++;
  return join(parent, `${name}-${number}`);
}

/** Milliseconds after which records are written without being asked for, so that whoever looks sees the run go on. */
const FLUSH_INTERVAL = 1000;

/** A run's folder that is there already. */
export function openRunFolder(path: string): RunFolder {
  const pending = { metrics: "", log: "" };
  const file = (name: keyof typeof RUN_FILES): string => join(path, RUN_FILES[name]);
  let last: Promise<void> = Promise.resolve();
  let lastFlush = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  const write = async (name: keyof typeof pending): Promise<void> => {
    const text = pending[name];
    pending[name] = "";
    if (text === "") return;
    await appendOwn(file(name), text).catch((error: unknown) => {
      throw error instanceof UserError ? error : writeError(file(name), error);
    });
  };
  return {
    path,
    file,
    record(record) {
      pending.metrics += `${JSON.stringify(record)}\n`;
      if (performance.now() - lastFlush < FLUSH_INTERVAL) return;
      this.flush().catch(() => {}); // told by each later `flush`
    },
    log(line) {
      pending.log += `${new Date().toISOString()} ${harmless(line).replaceAll("\n", "\\n")}\n`;
    },
    flush() {
      lastFlush = performance.now();
      const written = last.then(async () => {
        if (failure !== undefined) throw failure; // what was lost is not to be followed by anything, a checkpoint neither
        await write("metrics");
        await write("log");
      });
      last = written.catch((error: unknown) => {
        failure = error;
      });
      return written;
    },
  };
}

/** The settings of a run, under `layers` that change them. A folder that holds no run is a `UserError`. */
export async function readRunConfig(path: string, layers: readonly ConfigLayer[] = []): Promise<ResolvedConfig> {
  return resolveConfig([...runLayers(path, await readRunConfigText(path)), ...layers]);
}

/** The settings in the text of a run's `config.json`. A run that has begun has its weights, whatever would be taken today. */
export function runLayers(path: string, text: string): ConfigLayer[] {
  return [{ from: "default", values: { weights: "none" } }, ...parseRunConfig(text, join(path, RUN_FILES.config))];
}

/** The text of a run's `config.json`. A folder that holds no run, or links instead of a run's files, is a `UserError`. */
export async function readRunConfigText(path: string): Promise<string> {
  await expectNoLinks(path);
  return readOwn(join(path, RUN_FILES.config)).catch(async (error: unknown) => {
    if (error instanceof UserError) throw error;
    const options = { cause: error };
    if (await isUnbegun(path)) throw notBegun(path);
    throw new UserError(
      `"${path}": expected the folder of a run but it has no config.json.`,
      "Give a folder that `ocelli train` made.",
      options,
    );
  });
}

/** What people had said of single photos when a run began. */
export const readRunMarks = (path: string): Promise<Marks> => readMarksFile(join(path, RUN_FILES.labels), readOwn);

/** The records of a run in order, up to the first line that was cut off or damaged. */
export const readRecords = async (path: string): Promise<MetricsRecord[]> =>
  (await readLines(path)).map(({ record }) => record);

/** What the last epoch of a run came to, by its records. */
export async function lastEvaluation(
  run: string,
): Promise<{ train: LossAndAccuracy; val: LossAndAccuracy } | undefined> {
  const record = (await readRecords(run)).findLast(({ type }) => type === "epoch");
  return record?.type === "epoch" ? { train: record.train, val: record.val } : undefined;
}

/** Prepares the folder for a run that goes on after step `step`: takes away the records after it, and what ended processes left unfinished. */
export async function rewindRunFolder(path: string, step: number): Promise<void> {
  await removeUnfinished(path);
  const lines = await readLines(path);
  const end = lines.findLast(({ record }) => record.step <= step)?.end ?? 0;
  await truncateOwn(join(path, RUN_FILES.metrics), end).catch(async (error: NodeJS.ErrnoException) => {
    if (error instanceof UserError) throw error;
    if (error.code !== "ENOENT") throw writeError(join(path, RUN_FILES.metrics), error);
    await writeFileAtomic(join(path, RUN_FILES.metrics), "");
  });
}

/** A line of `metrics.jsonl`, and the place in the file where the next one begins. */
interface RecordLine {
  readonly record: MetricsRecord;
  readonly end: number;
}

async function readLines(path: string): Promise<RecordLine[]> {
  const text = await readOwn(join(path, RUN_FILES.metrics)).catch(() => "");
  const lines: RecordLine[] = [];
  let end = 0;
  for (const line of text.split("\n").slice(0, -1)) {
    end += Buffer.byteLength(line) + 1;
    const record = parseRecord(line);
    if (!record) break;
    lines.push({ record, end });
  }
  return lines;
}

function parseRecord(line: string): MetricsRecord | undefined {
  try {
    const record: unknown = parseJson(line);
    const isRecord = typeof record === "object" && record !== null && "type" in record && "step" in record;
    return isRecord ? (record as MetricsRecord) : undefined;
  } catch {
    return undefined;
  }
}
