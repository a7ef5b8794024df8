/** Figures of logits [N, C], row by row, in float64. */

/** Logits [N, C], row-major, and the number of classes C. */
export interface Logits {
  readonly data: ArrayLike<number>;
  readonly classes: number;
}

/** The number of rows N. */
export const rowCount = ({ data, classes }: Logits): number => data.length / classes;

/** eˣ/Σeˣ of each row: [N, C]. */
export function softmaxRows(logits: Logits): Float64Array {
  const { data, classes } = logits;
  const probabilities = new Float64Array(data.length);
  for (let row = 0; row < rowCount(logits); row++) {
    const normaliser = logSumExp(logits, row);
    for (let i = row * classes; i < (row + 1) * classes; i++) probabilities[i] = Math.exp(data[i]! - normaliser);
  }
  return probabilities;
}

/** Cross entropy −log softmax at the label of each row, in nats: [N]. */
export const crossEntropyRows = (logits: Logits, labels: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: rowCount(logits) }, (_, row) => {
    return logSumExp(logits, row) - logits.data[row * logits.classes + labels[row]!]!;
  });

/** The class of the largest logit of each row, the first of equal ones; NaN is the largest, as in PyTorch: [N]. */
export function argmaxRows(logits: Logits): Int32Array {
  const { data, classes } = logits;
  const largest = new Int32Array(rowCount(logits));
  for (let row = 0; row < largest.length; row++) {
    const from = row * classes;
    let best = 0;
    for (let index = 1; index < classes; index++) {
      const value = data[from + index]!;
      const found = data[from + best]!;
      if (found < value || (Number.isNaN(value) && !Number.isNaN(found))) best = index;
    }
    largest[row] = best;
  }
  return largest;
}

/** The `k` classes of the largest logits of a row, the largest first; of equal ones the first class is first. */
export function topClasses({ data, classes }: Logits, row: number, k: number): number[] {
  const order = Array.from({ length: classes }, (_, index) => index);
  order.sort((a, b) => data[row * classes + b]! - data[row * classes + a]! || a - b);
  return order.slice(0, k);
}

/** How many rows have their label among the `k` largest logits; ranks as in `topClasses`. */
export function topKCorrect(logits: Logits, labels: ArrayLike<number>, k: number): number {
  const { data, classes } = logits;
  let correct = 0;
  for (let row = 0; row < rowCount(logits); row++) {
    const label = labels[row]!;
    const own = data[row * classes + label]!;
    let ahead = 0;
    for (let index = 0; index < classes; index++) {
      const other = data[row * classes + index]!;
      if (own < other || (other === own && index < label) || Number.isNaN(own)) ahead++;
    }
    if (ahead < k) correct++;
  }
  return correct;
}

/** log Σeˣ of a row, without overflow. */
function logSumExp({ data, classes }: Logits, row: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = row * classes; i < (row + 1) * classes; i++) largest = Math.max(largest, data[i]!);
  let sum = 0;
  for (let i = row * classes; i < (row + 1) * classes; i++) sum += Math.exp(data[i]! - largest);
  return largest + Math.log(sum);
}
