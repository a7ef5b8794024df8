/** Samples of classes that are not equally frequent: weights from counts, and orders in which classes take turns by weight. */
import { UserError } from "../errors.ts";
import { permutation, type Rng, rngFor } from "../rng.ts";

/** The number of samples of each class. */
export function classCounts(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

/**
 * A weight for each class that makes up for its count: N / (classes · count), so that all classes weigh the same and the mean
 * weight over the N samples is 1. For a weighted loss, or for `weightedOrder`. A class without samples is a `UserError`.
 */
export function classWeights(counts: readonly number[]): number[] {
  const empty = counts.indexOf(0);
  if (empty !== -1) {
    throw new UserError(
      `class weights: expected samples of every class but class ${empty} has none.`,
      "Add samples, or leave the class out.",
    );
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => total / (counts.length * count));
}

/** What an order depends on. */
export interface WeightedOrderOptions {
  /** How often a sample of each class is taken, compared with samples of other classes; those of `classWeights` balance. */
  readonly weights: readonly number[];
  readonly seed: number;
  readonly epoch: number;
}

/**
 * As many sample indices as there are labels, in random order that depends on seed and epoch alone. Class c makes up
 * weight(c)·count(c) / Σ weight·count of them, to within one sample. Within a class, no sample is taken a second time before
 * each was taken once: drawing with replacement would leave out a third of them.
 */
export function weightedOrder(labels: ArrayLike<number>, { weights, seed, epoch }: WeightedOrderOptions): Uint32Array {
  const counts = classCounts(labels, weights.length);
  const members = counts.map((count) => new Uint32Array(count));
  const filled = counts.map(() => 0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    const place = filled[label] ?? 0;
    members[label]?.fill(i, place, place + 1);
    filled[label] = place + 1;
  }
  const shares = quotas(
    counts.map((count, label) => count * (weights[label] ?? 0)),
    labels.length,
  );
  const taken = shares.flatMap((quota, label) =>
    takeInTurns(members[label] ?? new Uint32Array(), quota, rngFor(seed, "sampling", epoch, label)),
  );
  const order = permutation(taken.length, rngFor(seed, "shuffle", epoch));
  return order.map((place) => taken[place] ?? 0);
}

/** Whole numbers in proportion to `shares` that add up to `total`: the largest remainders are rounded up. */
function quotas(shares: readonly number[], total: number): number[] {
  const sum = shares.reduce((all, share) => all + share, 0);
  if (!(0 < sum && Number.isFinite(sum))) {
    throw new UserError(
      `sampling: expected weights of at least 0, not all 0, but the sum of weights is ${sum}.`,
      "Give each class a weight, such as those that balance the classes.",
    );
  }
  const exact = shares.map((share) => (share / sum) * total);
  const whole = exact.map(Math.floor);
  const left = total - whole.reduce((all, count) => all + count, 0);
  const remainder = (label: number): number => (exact[label] ?? 0) - (whole[label] ?? 0);
  const neediest = [...shares.keys()].sort((a, b) => remainder(b) - remainder(a) || a - b).slice(0, left);
  return whole.map((count, label) => count + (neediest.includes(label) ? 1 : 0));
}

/** `count` of the members, all of them once in random order before any a second time. */
function takeInTurns(members: Uint32Array, count: number, rng: Rng): number[] {
  const taken: number[] = [];
  while (taken.length < count && 0 < members.length) {
    const order = permutation(members.length, rng).subarray(0, count - taken.length);
    for (const place of order) taken.push(members[place] ?? 0);
  }
  return taken;
}
