/** All runs below a folder, a line each. */
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { UserError } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Best } from "./checkpoint.ts";
import { bestRecord, isFinished, looksLikeRun, type RunAccount, readRunAccount } from "./run-account.ts";

/** What a list says of a run. */
export interface RunLine {
  readonly run: string;
  /** Whether it has come to its end; an unfinished one may be training at present. */
  readonly state: "finished" | "unfinished";
  readonly model: string | null;
  readonly data: string | null;
  readonly epochs: number;
  readonly epochsAsked: number | null;
  readonly steps: number;
  /** On the validation set. */
  readonly best: Best | null;
  readonly last: { readonly accuracy: number; readonly loss: number } | null;
  /** Of its training; null of an unfinished run before its first epoch ends. */
  readonly seconds: number | null;
  /** ISO 8601; null where nothing tells it. */
  readonly began: string | null;
  /** What is wrong with the folder, a sentence each. */
  readonly problems: readonly string[];
  /** What a person noted of the run; "" if nothing. */
  readonly note: string;
}

/** Folders are looked into so deep. */
const DEPTH = 3;

/** The folders of runs below `folder`, or itself, in the order of their names. A folder that is not there is a `UserError`. */
export async function findRuns(folder: string): Promise<string[]> {
  const entry = await stat(folder).catch(() => undefined);
  if (!entry?.isDirectory())
    throw new UserError(
      `"${folder}": expected a folder with runs but ${entry ? "it is a file" : "there is no such folder"}.`,
      "Name the folder that runs are in, or train one with: ocelli train digits",
    );
  return runsBelow(folder, DEPTH);
}

async function runsBelow(folder: string, depth: number): Promise<string[]> {
  if (await looksLikeRun(folder)) return [folder];
  if (depth === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  const found = await Promise.all(folders.map(({ name }) => runsBelow(join(folder, name), depth - 1)));
  return found.flat().sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** A line for each run below `folder`, named by its path from there. */
export async function listRuns(folder: string): Promise<RunLine[]> {
  const lines: RunLine[] = [];
  for (const path of await findRuns(folder)) {
    const account = await readRunAccount(path, { steps: false });
    lines.push(runLine(account, relative(folder, path) || account.name));
  }
  return lines;
}

/** What a list says of a run, under the name `run`. */
export function runLine(account: RunAccount, run: string = account.name): RunLine {
  const { records, summary, settings, began, problems } = account;
  const setting = (name: string): unknown => lookup(settings, name)?.value;
  const text = (name: string): string | null => (typeof setting(name) === "string" ? String(setting(name)) : null);
  const epochs = records.filter((record) => record.type === "epoch");
  const best = bestRecord(records);
  const finished = isFinished(account);
  const seconds = finished ? summary?.seconds : epochs.reduce((sum, record) => sum + record.seconds, 0) || undefined;
  return {
    run,
    state: finished ? "finished" : "unfinished",
    model: text("model") ?? summary?.model ?? null,
    data: text("data"),
    epochs: epochs.at(-1)?.epoch ?? 0,
    epochsAsked: typeof setting("epochs") === "number" ? Number(setting("epochs")) : null,
    steps: records.at(-1)?.step ?? 0,
    best: best ? { epoch: best.epoch, accuracy: best.val.accuracy, loss: best.val.loss } : (summary?.best ?? null),
    last: records.findLast((record) => record.type !== "step")?.val ?? summary?.last ?? null,
    seconds: seconds ?? null,
    began: began === 0 ? null : new Date(began).toISOString(),
    problems,
    note: account.note ?? "",
  };
}

/** By what lists are sorted; what is missing comes last. */
export const RUN_ORDERS = {
  /** the newest first */
  began: (a, b) => (b.began ?? "").localeCompare(a.began ?? ""),
  /** numbers in names by their value */
  name: (a, b) => a.run.localeCompare(b.run, "en", { numeric: true }),
  /** the best first */
  accuracy: (a, b) => (b.best?.accuracy ?? -1) - (a.best?.accuracy ?? -1),
  /** the lowest first */
  loss: (a, b) => (a.best?.loss ?? Infinity) - (b.best?.loss ?? Infinity) || 0,
  /** the longest first */
  epochs: (a, b) => b.epochs - a.epochs,
  /** the quickest first */
  seconds: (a, b) => (a.seconds ?? Infinity) - (b.seconds ?? Infinity) || 0,
} as const satisfies Readonly<Record<string, (a: RunLine, b: RunLine) => number>>;

/** What differs between runs: settings, and what came of them. */
export interface RunComparison {
  readonly runs: readonly string[];
  /** The settings that are not the same everywhere, with their value in each run; null where a run has none. */
  readonly settings: Readonly<Record<string, readonly unknown[]>>;
  /** Figures of each run; null where it has none. */
  readonly results: Readonly<Record<string, readonly (number | string | null)[]>>;
}

/** Compares runs. */
export function compareRuns(accounts: readonly RunAccount[]): RunComparison {
  const names = [...new Set(accounts.flatMap(({ settings }) => Object.keys(settings)))];
  const values = names.map(
    (name) => [name, accounts.map(({ settings }) => lookup(settings, name)?.value ?? null)] as const,
  );
  const differ = values.filter(([, all]) => new Set(all.map((value) => JSON.stringify(value))).size > 1);
  const lines = accounts.map((account) => runLine(account));
  const summaries = accounts.map(({ summary }) => summary);
  return {
    runs: accounts.map(({ path }) => path),
    settings: Object.fromEntries(differ),
    results: {
      state: lines.map(({ state }) => state),
      bestAccuracy: lines.map(({ best }) => best?.accuracy ?? null),
      bestEpoch: lines.map(({ best }) => best?.epoch ?? null),
      bestLoss: lines.map(({ best }) => best?.loss ?? null),
      lastAccuracy: lines.map(({ last }) => last?.accuracy ?? null),
      lastLoss: lines.map(({ last }) => last?.loss ?? null),
      epochs: lines.map(({ epochs }) => epochs),
      steps: lines.map(({ steps }) => steps),
      seconds: lines.map(({ seconds }) => seconds),
      imagesPerSecond: summaries.map((summary) => summary?.imagesPerSecond ?? null),
      engine: summaries.map((summary) => summary?.engine ?? null),
      dataSha256: summaries.map((summary) => summary?.dataSha256 ?? null),
      weightsSha256: summaries.map((summary) => summary?.weightsSha256 ?? null),
    },
  };
}
