/** What a run's network makes of its validation set, sample by sample: `predictions.jsonl` in the run's folder. */
import { stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../atomic-file.ts";
import type { IdxData } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { parsedJson } from "../json.ts";
import { argmaxRows, crossEntropyRows, softmaxRows } from "../metrics/index.ts";
import { openOwn, readOwn } from "../own-file.ts";
import type { Evaluation } from "./network-trainer.ts";
import { RUN_FILES } from "./run-files.ts";

/** The file's name. */
export const PREDICTIONS_FILE = "predictions.jsonl";

const VERSION = 1;

const sampleSchema = z.object({
  /** Relative to the data set's folder, with `/` between the parts; null for what is in no file of its own. */
  file: z.string().nullable(),
  class: z.string(),
  predicted: z.string(),
  /** Of the predicted class, 0..1. */
  probability: z.number(),
  /** Cross entropy in nats. */
  loss: z.number(),
});

/** A sample with what the network takes it for. */
export type PredictedSample = z.infer<typeof sampleSchema>;

const headerSchema = z.object({
  version: z.number(),
  classes: z.array(z.string()),
  /** SHA-256 of the data, as in `summary.json`. */
  dataSha256: z.string(),
  /** The weights' file when it was read: size in bytes, time of its last change. */
  weights: z.object({ size: z.number(), modified: z.number() }),
});

/** All predictions, in the order of the validation set. */
export interface Predictions extends z.infer<typeof headerSchema> {
  readonly samples: readonly PredictedSample[];
}

/** What `writePredictions` takes. */
export interface EvaluatedRun {
  readonly data: Pick<IdxData, "test" | "dataHash">;
  /** Of `data.test`. */
  readonly evaluation: Evaluation;
  readonly classes: readonly string[];
}

/** What the weights' file is like now; zeros if there is none. */
const weightsStamp = (run: string): Promise<Predictions["weights"]> =>
  stat(join(run, RUN_FILES.best))
    .catch(() => stat(join(run, RUN_FILES.last)))
    .then(
      ({ size, mtimeMs }) => ({ size, modified: mtimeMs }),
      () => ({ size: 0, modified: 0 }),
    );

/** The names of the files of a data set; null for each sample that is in none. */
export function sampleNames({ test }: Pick<IdxData, "test">, root: string | undefined): (string | null)[] {
  const files = "files" in test ? (test.files as readonly string[]) : undefined;
  if (!files || root === undefined) return Array.from({ length: test.length }, () => null);
  return files.map((file) => {
    const name = relative(root, file);
    return name.startsWith("..") || isAbsolute(name) ? file : name.split(sep).join("/");
  });
}

const rootOf = (data: EvaluatedRun["data"]): string | undefined =>
  "root" in data && typeof data.root === "string" ? data.root : undefined;

/** Writes what the best weights of a run make of its validation set. */
export async function writePredictions(run: string, { data, evaluation, classes }: EvaluatedRun): Promise<void> {
  const { logits, labels } = evaluation;
  const rows = { data: logits, classes: classes.length };
  const [predictions, probabilities, losses] = [argmaxRows(rows), softmaxRows(rows), crossEntropyRows(rows, labels)];
  const nameOf = (index: number | undefined): string => classes[index ?? 0] ?? String(index);
  const samples = sampleNames(data, rootOf(data)).map((file, row): PredictedSample => {
    const predicted = predictions[row] ?? 0;
    return {
      file,
      class: nameOf(labels[row]),
      predicted: nameOf(predicted),
      probability: probabilities[row * classes.length + predicted] ?? 0,
      loss: losses[row] ?? 0,
    };
  });
  const header = { version: VERSION, classes, dataSha256: data.dataHash, weights: await weightsStamp(run) };
  const lines = [header, ...samples].map((value) => `${JSON.stringify(value)}\n`);
  await writeFileAtomic(join(run, PREDICTIONS_FILE), lines.join(""));
}

/** How up to date a run's predictions are: there are none, its weights are newer, or they are those of its weights. */
export async function predictionsState(run: string): Promise<"none" | "stale" | "ready"> {
  const first = await firstLine(join(run, PREDICTIONS_FILE));
  if (first === undefined) return "none";
  const header = headerSchema.safeParse(parsedJson(first));
  const { size, modified } = await weightsStamp(run);
  const { weights, version } = header.data ?? {};
  return version === VERSION && weights?.size === size && weights.modified === modified ? "ready" : "stale";
}

/** Bytes within which a file's first line ends, even with thousands of classes. */
const HEAD = 2 ** 19;

async function firstLine(path: string): Promise<string | undefined> {
  const file = await openOwn(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(HEAD), position: 0 });
    return buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0] ?? "";
  } finally {
    await file.close();
  }
}

/** The predictions of a run; undefined if there are none. A damaged file, and a link, is a `UserError`. */
export async function readPredictions(run: string): Promise<Predictions | undefined> {
  const path = join(run, PREDICTIONS_FILE);
  const text = await readOwn(path).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  const [first = "", ...rest] = text.split("\n").slice(0, -1);
  const header = headerSchema.safeParse(parsedJson(first));
  const samples = z.array(sampleSchema).safeParse(rest.map(parsedJson));
  if (header.success && samples.success && header.data.version <= VERSION)
    return { ...header.data, samples: samples.data };
  const newer = header.success && VERSION < header.data.version;
  throw new UserError(
    `"${path}": expected predictions but ${newer ? "they are of a newer ocelli" : "the file is damaged"}.`,
    "Evaluate the run again.",
  );
}
