/** A full account of a network's answers to a data set. */
import {
  argmaxRows,
  type ClassReport,
  confusionMatrix,
  type LossAndAccuracy,
  perClass,
  topKCorrect,
  wilsonInterval,
} from "../metrics/index.ts";
import type { Evaluation } from "./network-trainer.ts";

/** What `ocelli eval --json` prints. */
export interface EvaluationReport extends LossAndAccuracy {
  readonly count: number;
  /** Wilson's interval of 95 %. */
  readonly accuracyInterval: readonly [low: number, high: number];
  /** Share of images whose class is among the five largest logits; null for fewer than six classes. */
  readonly top5: number | null;
  /** Of that share, as `accuracyInterval`. */
  readonly top5Interval: readonly [low: number, high: number] | null;
  readonly perClass: readonly ClassReport[];
  /** [true class][predicted class] */
  readonly confusion: readonly (readonly number[])[];
}

const TOP = 5;

/** The account of an evaluation. */
export function reportOf(
  { count, loss, accuracy, correct, logits, labels }: Evaluation,
  classes: readonly string[],
): EvaluationReport {
  const rows = { data: logits, classes: classes.length };
  const among = TOP < classes.length ? topKCorrect(rows, labels, TOP) : null;
  const confusion = confusionMatrix(labels, argmaxRows(rows), classes.length);
  return {
    count,
    accuracy,
    accuracyInterval: wilsonInterval(correct, count),
    loss,
    top5: among === null ? null : among / count,
    top5Interval: among === null ? null : wilsonInterval(among, count),
    perClass: perClass(confusion, classes),
    confusion,
  };
}

/** Evaluations of one network on several data sets as one on all of them; at least one. */
export function joinEvaluations(parts: readonly Evaluation[]): Evaluation {
  const sum = (of: (part: Evaluation) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const [count, correct] = [sum((part) => part.count), sum((part) => part.correct)];
  return {
    ...{ count, correct, accuracy: correct / count, loss: sum((part) => part.loss * part.count) / count },
    logits: Float32Array.from(parts.flatMap(({ logits }) => [...logits])),
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
  };
}
