/** Whether a classifier is as often right as it says. */
import { argmaxRows, type Logits, rowCount, softmaxRows } from "./rows.ts";

/** Answers of about the same probability. */
export interface CalibrationBin {
  /** The probabilities low < p ≤ high. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Their mean probability, and the share of them that is right; 0 where there are none. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** How probabilities and shares of right answers go together. */
export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /**
   * The expected calibration error (Guo et al. 2017): |accuracy − confidence| of each bin, averaged over the answers; 0..1,
   * and 0 is best.
   */
  readonly error: number;
}

/** Bins of the usual reliability diagram. */
const BINS = 15;

/**
 * The calibration of the most probable class of each row, by `bins` bins of equal width. Rows whose probability is not a
 * number are left out.
 */
export function calibrationOf(logits: Logits, labels: ArrayLike<number>, bins = BINS): Calibration {
  const predictions = argmaxRows(logits);
  const probabilities = softmaxRows(logits);
  const [count, confidence, correct] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  for (let row = 0; row < rowCount(logits); row++) {
    const probability = probabilities[row * logits.classes + predictions[row]!]!;
    if (Number.isNaN(probability)) continue;
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1));
    count[bin]! += 1;
    confidence[bin]! += probability;
    correct[bin]! += predictions[row] === labels[row] ? 1 : 0;
  }
  const all = count.reduce((sum, value) => sum + value, 0);
  const gap = (bin: number): number => Math.abs(confidence[bin]! - correct[bin]!);
  return {
    bins: Array.from({ length: bins }, (_, bin) => ({
      ...{ low: bin / bins, high: (bin + 1) / bins, count: count[bin]! },
      confidence: count[bin] === 0 ? 0 : confidence[bin]! / count[bin]!,
      accuracy: count[bin] === 0 ? 0 : correct[bin]! / count[bin]!,
    })),
    error: all === 0 ? 0 : Array.from(count.keys()).reduce((sum, bin) => sum + gap(bin), 0) / all,
  };
}
