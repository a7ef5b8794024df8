/** What comes out of steps and evaluations, as figures. */
import type { Results } from "../engines/index.ts";
import { argmaxRows, crossEntropyRows } from "../metrics/index.ts";
import type { Evaluation, StepResult } from "./network-trainer.ts";

/** The figures of one batch. */
export type BatchResult = Pick<StepResult, "loss" | "correct" | "size">;

/** The figures of one of the batches of a step. */
export interface PartResult extends BatchResult {
  /** What part its mean loss has in that of the step; the parts add up to 1. */
  readonly share: number;
}

const correctOf = (logits: Float32Array, labels: Int32Array): number =>
  argmaxRows({ data: logits, classes: logits.length / labels.length }).reduce(
    (sum, prediction, row) => sum + (prediction === labels[row] ? 1 : 0),
    0,
  );

/** The figures of a batch from the outputs of its Program. */
export const partResult = ({ loss, logits = new Float32Array() }: Results, labels: Int32Array): BatchResult => ({
  loss: loss?.[0] ?? Number.NaN,
  correct: correctOf(logits, labels),
  size: labels.length,
});

/** The figures of several batches together. */
export function totalOf(parts: readonly PartResult[]): BatchResult {
  const total = (of: (part: PartResult) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  const [size, correct] = [total((part) => part.size), total((part) => part.correct)];
  return { size, correct, loss: total((part) => part.loss * part.share) };
}

/** Loss and accuracy of logits [N, classes] and labels [N] in float64, so that they do not depend on the batch size. */
export function evaluationOf(logits: Float32Array, labels: Int32Array): Evaluation {
  const rows = { data: logits, classes: logits.length / labels.length };
  const correct = correctOf(logits, labels);
  const loss = crossEntropyRows(rows, labels).reduce((sum, value) => sum + value, 0) / labels.length;
  return { count: labels.length, correct, accuracy: correct / labels.length, loss, logits, labels };
}
