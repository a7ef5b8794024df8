/** What a run's folder tells, as far as it can be read: for whoever looks at runs that may be half-written, damaged or newer. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { fewOf } from "../checkpoint/index.ts";
import { messageOf } from "../errors.ts";
import { brief } from "../harmless.ts";
import { parsedJson } from "../json.ts";
import type { EpochRecord, EvalRecord, MetricsRecord } from "../metrics/index.ts";
import { readOwn } from "../own-file.ts";
import { expectNoLinks } from "./ownership/links.ts";
import { type StageRecord, stagesIn } from "./resuming/run-stage.ts";
import { RUN_FILES } from "./run-files.ts";
import { SETTING_NAMES } from "./settings.ts";
import type { TrainSummary } from "./summary.ts";

/** A setting as `config.json` has it. */
export interface StoredSetting {
  readonly value: unknown;
  readonly from: string;
}

/** All that could be read of a run. */
export interface RunAccount {
  readonly path: string;
  readonly name: string;
  /** When the run began, in milliseconds since 1970. */
  readonly began: number;
  /** Empty if they cannot be read. */
  readonly settings: Readonly<Record<string, StoredSetting>>;
  /** Where the run has several: what `config.json` says of each. */
  readonly stages?: readonly StageRecord[];
  readonly records: readonly MetricsRecord[];
  /** Of a run that has come to its end. */
  readonly summary: TrainSummary | undefined;
  /** What is wrong with the folder, a sentence each. */
  readonly problems: readonly string[];
  /** What a person noted of the run; "" if nothing. */
  readonly note?: string;
}

const figures = z.object({ loss: z.number().nullable(), accuracy: z.number() });
const moment = { epoch: z.number(), step: z.number() };
const recordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("step"), ...moment, loss: z.number().nullable(), lr: z.number() }),
  z.object({ type: z.literal("eval"), ...moment, val: figures }),
  z.object({
    ...{ type: z.literal("epoch"), ...moment, train: figures, val: figures },
    ...{ seconds: z.number(), dataWaitShare: z.number().optional() },
  }),
]);
const RECORD_TYPES = ["step", "eval", "epoch"];

const summarySchema = z.object({
  ...{ run: z.string(), id: z.string(), model: z.string(), engine: z.string(), precision: z.string() },
  ...{ epochs: z.number(), steps: z.number(), seconds: z.number(), imagesPerSecond: z.number() },
  ...{ dataWaitShare: z.number(), peakRssMiB: z.number(), weightsSha256: z.string(), dataSha256: z.string() },
  best: z.object({ epoch: z.number(), accuracy: z.number(), loss: z.number() }).nullable(),
  last: z.object({ loss: z.number(), accuracy: z.number() }).nullable(),
  train: z.object({ loss: z.number(), accuracy: z.number() }).nullable(),
  classes: z.array(z.string()),
});

/** Whether a run has come to its end, and was not begun again since. */
export const isFinished = ({ summary, records }: Pick<RunAccount, "summary" | "records">): boolean =>
  summary !== undefined && (records.at(-1)?.step ?? 0) <= summary.steps;

/** Whether the folder has any file that only runs have. */
export async function looksLikeRun(path: string): Promise<boolean> {
  const files = [RUN_FILES.config, RUN_FILES.metrics, RUN_FILES.last, RUN_FILES.summary];
  const found = await Promise.all(
    files.map((name) =>
      stat(join(path, name)).then(
        (entry) => entry.isFile(),
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** How much is read. */
export interface RunAccountOptions {
  /** Whether records of steps are wanted too; true by default. Without them a long run is read much faster. */
  readonly steps?: boolean;
}

/** Reads a run's folder. Never fails: what is missing or damaged is told in `problems`. */
export async function readRunAccount(path: string, options: RunAccountOptions = {}): Promise<RunAccount> {
  const problems: string[] = [];
  await expectNoLinks(path).catch((error: unknown) => problems.push(messageOf(error)));
  const text = async (name: keyof typeof RUN_FILES): Promise<string | undefined> =>
    readOwn(join(path, RUN_FILES[name])).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") problems.push(`${RUN_FILES[name]} cannot be read (${messageOf(error)}).`);
      return undefined;
    });
  const [config, metrics, summary] = [await text("config"), await text("metrics"), await text("summary")];
  if (config === undefined) problems.push("There is no config.json: the run was hardly begun, or files are missing.");
  return {
    path,
    name: basename(resolve(path)),
    began:
      beginningOf(await text("log")) ??
      (await stat(path).then(
        (entry) => entry.mtimeMs,
        () => 0,
      )),
    settings: config === undefined ? {} : settingsIn(config, problems),
    stages: config === undefined ? [] : stagesIn(parsedJson(config)),
    records: metrics === undefined ? [] : recordsIn(metrics, problems, options),
    summary: summary === undefined ? undefined : summaryIn(summary, problems),
    problems,
    note: (await text("note"))?.trim() ?? "",
  };
}

/** The time of the first line of `log.txt`; later files are written anew when a run goes on. */
function beginningOf(log: string | undefined): number | undefined {
  const time = Date.parse(log?.slice(0, log.indexOf(" ")) ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** How `metrics.jsonl` begins the record of a step. */
const STEP = '{"type":"step",';

/** The records in a text of `metrics.jsonl`; lines that are none are passed over and told. Without `steps` only the last step's. */
export function recordsIn(text: string, problems: string[], { steps = true }: RunAccountOptions = {}): MetricsRecord[] {
  const records: MetricsRecord[] = [];
  const [broken, unknown]: [number[], Set<string>] = [[], new Set()];
  const last = text.lastIndexOf("\n", text.lastIndexOf("\n") - 1) + 1;
  // after the last line's end there is nothing, or a line that is being written
  for (
    let start = 0, number = 1, end = text.indexOf("\n");
    end !== -1;
    start = end + 1, number++, end = text.indexOf("\n", start)
  ) {
    if (!steps && start < last && text.startsWith(STEP, start) && text[end - 1] === "}") continue;
    const value = parsedJson(text.slice(start, end));
    const found = recordSchema.safeParse(value);
    const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
    if (found.success) records.push(withNumbers(found.data));
    else if (typeof type === "string" && !RECORD_TYPES.includes(type)) unknown.add(type);
    else broken.push(number);
  }
  if (0 < broken.length) {
    const which = broken.length === 1 ? `Line ${broken[0]}` : `${broken.length} lines (the first is line ${broken[0]})`;
    problems.push(`${which} of metrics.jsonl cannot be read and ${broken.length === 1 ? "is" : "are"} passed over.`);
  }
  if (0 < unknown.size) {
    const types = [...unknown].map((type) => `"${brief(type)}"`);
    const said = types.length === 1 ? "the type" : "the types";
    problems.push(`metrics.jsonl has records of ${said} ${fewOf(types)}, which this version of ocelli does not know.`);
  }
  return records;
}

/** A loss that was not finite stands as null in JSON. */
function withNumbers(record: z.infer<typeof recordSchema>): MetricsRecord {
  if (record.type === "step") return { ...record, loss: record.loss ?? Number.NaN };
  const val = { ...record.val, loss: record.val.loss ?? Number.NaN };
  if (record.type === "eval") return { ...record, val };
  return { ...record, val, train: { ...record.train, loss: record.train.loss ?? Number.NaN } };
}

function settingsIn(text: string, problems: string[]): Record<string, StoredSetting> {
  const content = parsedJson(text);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    problems.push("config.json cannot be read: it is no JSON object, perhaps only half-written.");
    return {};
  }
  const { stages, ...own } = content as { readonly stages?: unknown };
  const settings = Object.entries(own).map(([name, entry]) => [name, storedSetting(entry)] as const);
  const unknown = settings.map(([name]) => name).filter((name) => !(SETTING_NAMES as string[]).includes(name));
  if (0 < unknown.length)
    problems.push(
      `config.json has settings that this version of ocelli does not know: ${fewOf(unknown.map((name) => brief(name)))}. A newer version made it.`,
    );
  return Object.fromEntries(settings);
}

function storedSetting(entry: unknown): StoredSetting {
  if (typeof entry !== "object" || entry === null || !("value" in entry)) return { value: entry, from: "file" };
  return { value: entry.value, from: "from" in entry && typeof entry.from === "string" ? entry.from : "file" };
}

function summaryIn(text: string, problems: string[]): TrainSummary | undefined {
  const found = summarySchema.safeParse(parsedJson(text));
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const where = issue && 0 < issue.path.length ? `"${issue.path.join(".")}" is wrong` : "it is no JSON object";
  problems.push(`summary.json cannot be read: ${where}.`);
  return undefined;
}

/** The evaluation of the highest accuracy, the first of equal ones; undefined before the first. */
export function bestRecord(records: readonly MetricsRecord[]): EvalRecord | EpochRecord | undefined {
  let best: EvalRecord | EpochRecord | undefined;
  for (const record of records)
    if (record.type !== "step" && (best?.val.accuracy ?? -1) < record.val.accuracy) best = record;
  return best;
}
