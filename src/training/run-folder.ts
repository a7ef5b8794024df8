/** The folder of a run: what training writes, and everything else reads. */
import { appendFile, mkdir, readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { writeError, writeFileAtomic } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import type { MetricsRecord } from "../metrics/index.ts";
import { type ConfigLayer, parseConfigFile, type ResolvedConfig, resolveConfig } from "./config.ts";

/** Names of the files of a run. */
export const RUN_FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  log: "log.txt",
  best: "best.pth",
  last: "last.pth",
  summary: "summary.json",
} as const;

/** A run's folder. Records and log lines are appended in the order in which they come. */
export interface RunFolder {
  readonly path: string;
  file(name: keyof typeof RUN_FILES): string;
  /** Adds a record to `metrics.jsonl`; written in groups, and at the latest by `flush`. */
  record(record: MetricsRecord): void;
  /** Adds a line with the time to `log.txt`, likewise. */
  log(line: string): void;
  /** Writes what was added; a full disk is a `UserError`. */
  flush(): Promise<void>;
}

/** Whether the folder holds a run. */
export async function isRunFolder(path: string): Promise<boolean> {
  return stat(join(path, RUN_FILES.config)).then(
    () => true,
    () => false,
  );
}

/** Makes the folder of a new run and writes its `config.json`. A folder with anything in it is a `UserError`. */
export async function createRunFolder(path: string, config: ResolvedConfig): Promise<RunFolder> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
  const entries = await readdir(path);
  if (entries.length > 0) {
    const run = await isRunFolder(path);
    throw new UserError(
      `"${path}": expected a new or empty folder but it holds ${run ? "a run already" : `"${entries[0]}"`}.`,
      run ? `Choose another --out, or go on with \`ocelli resume ${path}\`.` : "Choose another --out.",
    );
  }
  const folder = openRunFolder(path);
  await writeFileAtomic(folder.file("config"), `${JSON.stringify(config, null, 2)}\n`);
  await writeFileAtomic(folder.file("metrics"), "");
  await writeFileAtomic(folder.file("log"), "");
  return folder;
}

/** A folder under `parent` that no run has yet: `NAME-1`, `NAME-2`, … */
export async function freeRunFolder(parent: string, name: string): Promise<string> {
  const taken = new Set(await readdir(parent).catch(() => []));
  let number = 1;
  while (taken.has(`${name}-${number}`)) number++;
  return join(parent, `${name}-${number}`);
}

/** A run's folder that is there already. */
export function openRunFolder(path: string): RunFolder {
  const pending = { metrics: "", log: "" };
  const file = (name: keyof typeof RUN_FILES): string => join(path, RUN_FILES[name]);
  const write = async (name: keyof typeof pending): Promise<void> => {
    const text = pending[name];
    pending[name] = "";
    if (text === "") return;
    await appendFile(file(name), text).catch((error: unknown) => {
      throw writeError(file(name), error);
    });
  };
  return {
    path,
    file,
    record(record) {
      pending.metrics += `${JSON.stringify(record)}\n`;
    },
    log(line) {
      pending.log += `${new Date().toISOString()} ${line}\n`;
    },
    async flush() {
      await write("metrics");
      await write("log");
    },
  };
}

/** The settings of a run, under `layers` that change them. A folder that holds no run is a `UserError`. */
export async function readRunConfig(path: string, layers: readonly ConfigLayer[] = []): Promise<ResolvedConfig> {
  const file = join(path, RUN_FILES.config);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    const options = { cause: error };
    throw new UserError(
      `"${path}": expected the folder of a run but it has no config.json.`,
      "Give a folder that `ocelli train` made.",
      options,
    );
  });
  const config = resolveConfig([{ from: "file", values: parseConfigFile(text, file) }, ...layers]);
  return config;
}

/** The records of a run in order; a last line that was cut off is left out. */
export async function readRecords(path: string): Promise<MetricsRecord[]> {
  const { lines } = await readLines(path);
  return lines.map((line) => JSON.parse(line) as MetricsRecord);
}

/** Takes away the records after step `step`, which a resumed run will make again. */
export async function dropRecordsAfter(path: string, step: number): Promise<void> {
  const { lines } = await readLines(path);
  const kept = lines.filter((line) => (JSON.parse(line) as MetricsRecord).step <= step);
  const size = kept.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  await truncate(join(path, RUN_FILES.metrics), size);
}

async function readLines(path: string): Promise<{ lines: string[] }> {
  const text = await readFile(join(path, RUN_FILES.metrics), "utf8").catch(() => "");
  return { lines: text.split("\n").slice(0, -1) };
}
