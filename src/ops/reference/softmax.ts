import type { HostTensor } from "../../graph/define-op.ts";
import type { Shape } from "../../graph/value.ts";
import { mapElements, scalarOf, zeros, zipElements } from "./elements.ts";

/** Elementwise function of x [N, C] that knows the flat index and a number that `summary` takes from the whole row. */
function mapRows(
  x: HostTensor,
  summary: (row: readonly number[], start: number) => number,
  f: (index: number, summary: number) => number,
): HostTensor {
  const [n, c] = x.shape as [number, number];
  const y = zeros(x.shape);
  for (let start = 0; start < n * c; start += c) {
    const ofRow = summary([...x.data.subarray(start, start + c)], start);
    for (let index = start; index < start + c; index++) y.data[index] = f(index, ofRow);
  }
  return y;
}

/** log Σ eˣ without overflow. */
function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((total, value) => total + Math.exp(value - largest), 0));
}

/** x − log Σ eˣ in each row. */
export const logSoftmaxRows = (x: HostTensor): HostTensor =>
  mapRows(x, logSumExp, (index, total) => x.data[index]! - total);

/** eˣ/Σ eˣ in each row. */
export const softmaxRows = (x: HostTensor): HostTensor => mapElements(logSoftmaxRows(x), Math.exp);

/** softmaxGradient in plain loops. */
export const softmaxRowsGradient = (y: HostTensor, dy: HostTensor): HostTensor =>
  mapRows(
    y,
    (row, start) => row.reduce((total, value, i) => total + value * dy.data[start + i]!, 0),
    (index, dot) => y.data[index]! * (dy.data[index]! - dot),
  );

/** logSoftmaxGradient in plain loops. */
export const logSoftmaxRowsGradient = (y: HostTensor, dy: HostTensor): HostTensor =>
  mapRows(
    dy,
    (row) => row.reduce((total, value) => total + value, 0),
    (index, total) => dy.data[index]! - Math.exp(y.data[index]!) * total,
  );

interface Weighting {
  readonly classWeights: HostTensor | undefined;
  readonly labelSmoothing: number;
}

/** The share of each class in the target of each sample, [N, C], divided by what the mean divides by. */
function targets(shape: Shape, labels: HostTensor, { classWeights, labelSmoothing }: Weighting): HostTensor {
  const [n, c] = shape as [number, number];
  const target = zeros(shape);
  const weightOf = (label: number): number => (classWeights ? classWeights.data[label]! : 1);
  let divisor = 0;
  for (let sample = 0; sample < n; sample++) {
    const label = labels.data[sample]!;
    if (label < 0 || c <= label) throw new Error(`label ${label} of sample ${sample} is outside 0..${c - 1}`);
    divisor += weightOf(label);
    for (let k = 0; k < c; k++) {
      const hard = k === label ? 1 - labelSmoothing : 0;
      target.data[sample * c + k] = (hard + labelSmoothing / c) * weightOf(k);
    }
  }
  return mapElements(target, (share) => share / divisor);
}

/** −Σ target·logProbabilities. */
export function crossEntropy(logProbabilities: HostTensor, labels: HostTensor, weighting: Weighting): HostTensor {
  const target = targets(logProbabilities.shape, labels, weighting);
  // a class that has no share does not count, even where its log-probability is −∞
  const terms = zipElements(target, logProbabilities, (share, value) => (share === 0 ? 0 : share * value));
  let loss = 0;
  for (const term of terms.data) loss -= term;
  return { shape: [], data: Float64Array.of(loss) };
}

/** dloss·(p·Σ target − target): the gradient of −Σ target·logSoftmax(x). */
export function crossEntropyGradient(
  logProbabilities: HostTensor,
  labels: HostTensor,
  { dloss, ...weighting }: Weighting & { dloss: HostTensor },
): HostTensor {
  const target = targets(logProbabilities.shape, labels, weighting);
  return mapRows(
    target,
    (row) => row.reduce((total, share) => total + share, 0),
    (index, total) => scalarOf(dloss) * (Math.exp(logProbabilities.data[index]!) * total - target.data[index]!),
  );
}

/** negativeLogLikelihood in plain loops. */
export const labelLikelihood = (
  logProbabilities: HostTensor,
  labels: HostTensor,
  classWeights: HostTensor | undefined,
): HostTensor => crossEntropy(logProbabilities, labels, { classWeights, labelSmoothing: 0 });

/** negativeLogLikelihoodGradient in plain loops. */
export const labelLikelihoodGradient = (
  shape: Shape,
  labels: HostTensor,
  { classWeights, dloss }: { classWeights: HostTensor | undefined; dloss: HostTensor },
): HostTensor =>
  mapElements(targets(shape, labels, { classWeights, labelSmoothing: 0 }), (share) => -share * scalarOf(dloss));
