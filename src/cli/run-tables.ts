/** Runs as people read them in a terminal. */
import type { MetricsRecord } from "../metrics/index.ts";
import type { RunComparison, RunLine } from "../training/index.ts";
import { duration, percent, table } from "./output.ts";
import { csvRecord } from "./predictions.ts";

const NONE = "-";
const orNone = <Value>(value: Value | null, shown: (value: Value) => string): string =>
  value === null ? NONE : shown(value);

/** Letters of a note that a table has room for. */
const NOTE = 40;

/** The first line of a note. */
function noted({ note }: RunLine): string {
  const [first = ""] = note.split("\n");
  return first === note && first.length <= NOTE ? first : `${first.slice(0, NOTE - 1).trimEnd()}…`;
}

/** A row for each run; a column of notes where there are any. */
export function runTable(lines: readonly RunLine[]): string {
  const hasNotes = lines.some(({ note }) => note !== "");
  const rows = lines.map((line) => [
    line.run,
    line.state,
    line.model ?? NONE,
    line.data ?? NONE,
    `${line.epochs}/${line.epochsAsked ?? "?"}`,
    orNone(line.best, ({ accuracy }) => percent(accuracy)),
    orNone(line.best, ({ loss }) => loss.toFixed(4)),
    orNone(line.best, ({ epoch }) => String(epoch)),
    orNone(line.seconds, duration),
    orNone(line.began, (began) => began.slice(0, 16).replace("T", " ")),
    ...(hasNotes ? [noted(line)] : []),
  ]);
  const columns = ["run", "state", "model", "data", "epochs", "accuracy", "loss", "best in", "time", "begun (UTC)"];
  return table([[...columns, ...(hasNotes ? ["note"] : [])], ...rows]);
}

/** Settings that differ, then results, a column for each run. */
export function comparisonTable({ runs, settings, results }: RunComparison): string {
  const shown = (name: string, value: unknown): string => {
    if (value === null) return NONE;
    if (typeof value !== "number") return /Sha256$/.test(name) ? String(value).slice(0, 12) : String(value);
    if (/Accuracy$/.test(name)) return percent(value);
    if (/Loss$/.test(name)) return value.toFixed(4);
    return name === "seconds" ? duration(value) : String(value);
  };
  const rows = (of: Readonly<Record<string, readonly unknown[]>>): string[][] =>
    Object.entries(of).map(([name, values]) => [name, ...values.map((value) => shown(name, value))]);
  const differing = rows(settings);
  const first = differing.length === 0 ? "All settings are the same." : table([["setting", ...runs], ...differing]);
  return `${first}\n\n${table([["result", ...runs], ...rows(results)])}`;
}

const COLUMNS = [
  ...["type", "epoch", "step", "loss", "lr"],
  ...["train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds", "data_wait_share"],
] as const;

/** All records as CSV, a column for each figure, empty where a record has none; without the last line's end. */
export function metricsCsv(records: readonly MetricsRecord[]): string {
  const lines = records.map((record) => {
    const { type, epoch, step } = record;
    const figures = {
      ...(type === "step" && record),
      ...(type === "epoch" && { seconds: record.seconds, data_wait_share: record.dataWaitShare }),
    };
    const of = (name: string, value: { loss: number; accuracy: number }): object => ({
      [`${name}_loss`]: value.loss,
      [`${name}_accuracy`]: value.accuracy,
    });
    const all: Record<string, unknown> = {
      ...{ ...figures, type, epoch, step },
      ...(type === "epoch" && of("train", record.train)),
      ...(type !== "step" && of("val", record.val)),
    };
    return csvRecord(COLUMNS.map((name) => (all[name] === undefined ? "" : String(all[name]))));
  });
  return [COLUMNS.join(","), ...lines].join("\n");
}

/** A row for each evaluation. */
export function evaluationTable(records: readonly MetricsRecord[]): string {
  const rows = records.flatMap((record) => {
    if (record.type === "step") return [];
    const train = record.type === "epoch" ? record.train : undefined;
    return [
      [
        ...[record.epoch, record.step],
        ...[train ? train.loss.toFixed(4) : "", train ? percent(train.accuracy) : ""],
        ...[record.val.loss.toFixed(4), percent(record.val.accuracy)],
        record.type === "epoch" ? duration(record.seconds) : "",
      ],
    ];
  });
  return table([["epoch", "step", "train loss", "train accuracy", "val loss", "val accuracy", "time"], ...rows]);
}
