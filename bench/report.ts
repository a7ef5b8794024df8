/** The text of RESULTS.md. */
import { countMacs, findModel } from "../src/models/index.ts";
import { median } from "./facts.ts";
import type { Job } from "./jobs.ts";
import type { Measured } from "./measure.ts";

/** All figures of one round, by engine and by layout. */
export interface Round {
  readonly ocelli: Readonly<Record<string, Measured>>;
  readonly pytorch: Readonly<Record<string, Measured>>;
}

/** What is known of a job: kept in results.json, so that one job can be measured again alone. */
export interface JobResult {
  readonly title: string;
  readonly date: string;
  readonly rounds: readonly Round[];
  /** What `measureFmaLimit` found just before. */
  readonly fmaLimit?: number;
  /** Microseconds of the first write to a page of memory. */
  readonly freshPage?: number;
}

const isSpeed = (job: Job): boolean => job.ocelli("onnx").figure === "imagesPerSecond";

const figuresOf = (rounds: readonly Round[], side: keyof Round, name: string): number[] =>
  rounds.flatMap((round) => round[side][name]?.figure ?? []);

/** PyTorch's layouts, the better one first. */
function layoutsOf(job: Job, rounds: readonly Round[]): string[] {
  const names = Object.keys(rounds[0]?.pytorch ?? {});
  const sign = isSpeed(job) ? -1 : 1;
  const typical = (name: string): number => sign * median(figuresOf(rounds, "pytorch", name));
  return names.toSorted((a, b) => typical(a) - typical(b));
}

/** How many times as fast as PyTorch in its better layout ocelli is: in each round. */
function ratiosOf(job: Job, rounds: readonly Round[], engine: string): number[] {
  const [better = ""] = layoutsOf(job, rounds);
  return rounds.flatMap((round) => {
    const [ours, theirs] = [round.ocelli[engine]?.figure, round.pytorch[better]?.figure];
    if (ours === undefined || theirs === undefined) return [];
    return isSpeed(job) ? ours / theirs : theirs / ours;
  });
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function unitOf(job: Job): string {
  const { figure } = job.ocelli("onnx");
  return figure === undefined ? "s" : figure === "medianMs" ? "ms" : "images/s";
}

function shown(job: Job, figures: readonly number[]): string {
  if (figures.length === 0) return "–";
  const value = median(figures);
  return `${value < 100 ? value.toFixed(value < 10 ? 2 : 1) : value.toFixed(0)} ${unitOf(job)}`;
}

/** The ratio, its range, and the aim. */
function ratioCell(job: Job, rounds: readonly Round[], engine: "auto" | "onnx"): string {
  const ratios = ratiosOf(job, rounds, engine);
  if (ratios.length === 0) return "–";
  const range = 1 < ratios.length ? ` (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})` : "";
  const aim = job.aims[engine];
  return `**${median(ratios).toFixed(2)}**${range}${aim === undefined ? "" : `, aim ${aim}`}`;
}

const operationsOf = ({ model, batch, job }: NonNullable<Job["work"]>): number => {
  const { build, inputShape } = findModel(model);
  const passes = job === "train" ? 3 : 1; // forward, gradient of the input, gradient of the weights
  return 2 * countMacs(build({ classes: 10 }), inputShape) * batch * passes;
};

const mib = (rounds: readonly Round[], side: keyof Round, name: string): number[] =>
  rounds.flatMap((round) => round[side][name]?.peakRssMiB ?? []);

/** Share of the limit, memory and time to compile, for one engine. */
function detailRow(job: Job, { rounds, fmaLimit, freshPage }: JobResult, engine: "auto" | "onnx"): string | undefined {
  const times = figuresOf(rounds, "ocelli", engine);
  if (times.length === 0 || !job.work) return undefined;
  const speed = operationsOf(job.work) / median(times) / 1e6;
  const [better = ""] = layoutsOf(job, rounds);
  const [ours, theirs] = [median(mib(rounds, "ocelli", engine)), median(mib(rounds, "pytorch", better))];
  const compile = median(rounds.flatMap((round) => round.ocelli[engine]?.compileMs ?? []));
  return row([
    job.title,
    rounds[0]?.ocelli[engine]?.engine ?? engine,
    `${speed.toFixed(0)} GFLOP/s`,
    fmaLimit === undefined ? "–" : (speed / fmaLimit).toFixed(2),
    `${ours.toFixed(0)} MiB`,
    (ours / theirs).toFixed(2),
    `${(compile / 1000).toFixed(1)} s`,
    freshPage === undefined ? "–" : `${freshPage.toFixed(1)} µs`,
  ]);
}

function mainRow(job: Job, { rounds, date }: JobResult): string {
  const layouts = layoutsOf(job, rounds);
  return row([
    job.title,
    shown(job, figuresOf(rounds, "ocelli", "auto")),
    shown(job, figuresOf(rounds, "ocelli", "onnx")),
    layouts.map((name) => `${shown(job, figuresOf(rounds, "pytorch", name))} ${name}`).join(", "),
    ratioCell(job, rounds, "auto"),
    ratioCell(job, rounds, "onnx"),
    `${rounds.length}, ${date}`,
  ]);
}

/** The report on all that was measured. */
export function report(
  jobs: readonly Job[],
  results: Readonly<Record<string, JobResult>>,
  facts: readonly string[],
): string {
  const known = jobs.flatMap((job) => {
    const result = results[job.name];
    return result ? [{ job, result }] : [];
  });
  const heads = ["job", "ocelli, auto", "ocelli, onnx", "PyTorch", "ratio, auto", "ratio, onnx", "rounds, date"];
  const details = ["job", "engine", "speed", "÷ FMA limit", "peak memory", "÷ PyTorch's", "to compile", "a fresh page"];
  return [
    "# ocelli and PyTorch",
    "",
    "Each round runs PyTorch in each of its memory layouts, then ocelli with the engine that `auto` takes and with `onnx`, in processes",
    "of their own, the same batch and threads; figures are medians of steps, then of rounds. The ratio is how many times as fast as PyTorch in its",
    "better layout ocelli is: above 1 ocelli is faster. Random weights, ten classes. Made by `npm run bench`.",
    "",
    row(heads),
    row(heads.map(() => "---")),
    ...known.map(({ job, result }) => mainRow(job, result)),
    "",
    "Operations of a training step are counted as three forward passes; the FMA limit is that of float32 multiply-adds on registers alone, by as many threads, measured just before the job (bf16 may be above it). A fresh page is the time of the first write to 4 KiB of new memory: where it is long, whatever allocates memory in each step waits for it.",
    "",
    row(details),
    row(details.map(() => "---")),
    ...known.flatMap(({ job, result }) =>
      (["auto", "onnx"] as const).flatMap((engine) => detailRow(job, result, engine) ?? []),
    ),
    "",
    ...facts.map((fact) => `- ${fact}`),
    "",
  ].join("\n");
}
