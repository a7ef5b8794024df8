/** Figures of a classifier's answers. */

/** How often each class was taken for each class: [true class][predicted class]. */
export type Confusion = readonly (readonly number[])[];

/** The confusion matrix of predictions [N] against labels [N], both in 0..classes−1. */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predictions[i]!]!++;
  return counts;
}

/** How well one class is told from the others. A figure whose denominator is 0 is 0. */
export interface ClassReport {
  readonly class: string;
  /** Samples that are of this class. */
  readonly count: number;
  /** Share of the samples predicted as this class that are of it. */
  readonly precision: number;
  /** Share of the samples of this class that were predicted as it. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

/** Precision, recall and F1 of each class. */
export function perClass(confusion: Confusion, classes: readonly string[]): ClassReport[] {
  return classes.map((name, index) => {
    const hits = confusion[index]![index]!;
    const count = confusion[index]!.reduce((sum, cell) => sum + cell, 0);
    const predicted = confusion.reduce((sum, row) => sum + row[index]!, 0);
    return {
      class: name,
      count,
      precision: ratio(hits, predicted),
      recall: ratio(hits, count),
      f1: ratio(2 * hits, predicted + count),
    };
  });
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** z of a two-sided interval of 95 %. */
const Z_95 = 1.959964;

/**
 * Interval in which the true share lies, for `correct` of `count` samples (Wilson 1927): the score interval at `z`
 * standard deviations. [0, 1] where nothing was counted.
 */
export function wilsonInterval(correct: number, count: number, z: number = Z_95): [low: number, high: number] {
  if (count === 0) return [0, 1];
  const share = correct / count;
  const scale = 1 + z ** 2 / count;
  const centre = (share + z ** 2 / (2 * count)) / scale;
  const half = (z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))) / scale;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
