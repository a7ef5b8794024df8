/** What a model makes of each image of a data set, as a file for other programs. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";
import { UserError } from "../errors.ts";
import { argmaxRows, softmaxRows } from "../metrics/index.ts";
import type { Evaluation } from "../training/index.ts";
import { csvRecord } from "./predictions.ts";

/** The answer to one image. */
export interface FileAnswer {
  /** Null for an image that is in no file of its own. */
  readonly file: string | null;
  readonly class: string;
  readonly predicted: string;
  /** Of the predicted class, 0..1. */
  readonly probability: number;
  readonly correct: boolean;
}

/** The answers to images in their order, whose labels are the model's outputs. */
export function fileAnswers(
  files: readonly (string | null)[],
  { logits, labels }: Pick<Evaluation, "logits" | "labels">,
  classes: readonly string[],
): FileAnswer[] {
  const rows = { data: logits, classes: classes.length };
  const [predictions, probabilities] = [argmaxRows(rows), softmaxRows(rows)];
  const nameOf = (output: number): string => classes[output] ?? String(output);
  return files.map((file, row) => {
    const [label, predicted] = [labels[row] ?? 0, predictions[row] ?? 0];
    const probability = probabilities[row * classes.length + predicted] ?? 0;
    return {
      file,
      class: nameOf(label),
      predicted: nameOf(predicted),
      probability,
      correct: label === predicted,
    };
  });
}

/** Throws a `UserError` unless answers can be written to `path`: called before they are computed. */
export async function checkAnswersFile(path: string): Promise<void> {
  if (!/\.(csv|jsonl)$/i.test(path))
    throw new UserError(
      `--predictions "${path}": expected a file whose name ends with .csv or .jsonl.`,
      "Give such a name, as in --predictions answers.csv",
    );
  const folder = await stat(dirname(path)).catch(() => undefined);
  const there = await stat(path).catch(() => undefined);
  if (folder?.isDirectory() && !there?.isDirectory()) return;
  const received = there ? "it is a folder" : `there is no folder "${dirname(path)}"`;
  throw new UserError(`--predictions "${path}": expected a file to write but ${received}.`, "Give another path.");
}

const COLUMNS = ["file", "class", "predicted", "probability", "correct"] as const;

/** Writes one line for each answer: CSV with a header, or JSON objects. */
export async function writeAnswers(path: string, answers: readonly FileAnswer[]): Promise<void> {
  const isCsv = /\.csv$/i.test(path);
  const lines = isCsv
    ? [csvRecord(COLUMNS), ...answers.map((answer) => csvRecord(COLUMNS.map((column) => String(answer[column] ?? ""))))]
    : answers.map((answer) => JSON.stringify(answer));
  await writeFileAtomic(path, lines.map((line) => `${line}\n`).join(""));
}
