/** Augmentation of whole batches: each sample is mixed with the one before it, the first with the last. */
import type { Rng } from "../../rng.ts";
import type { Box, Size } from "../image.ts";

/** A batch: `images` [N, C, H, W] and the class index of each, `labels` [N]. */
export interface LabelledBatch extends Size {
  readonly images: Float32Array;
  readonly labels: ArrayLike<number>;
}

/** A batch whose samples belong to several classes: `targets` [N, classes], shares that add up to 1. */
export interface MixedBatch {
  readonly images: Float32Array;
  readonly targets: Float32Array;
  /** The part of each sample itself, 0..1; the rest is of the one before it. */
  readonly share: number;
}

/** Makes mixed batches; random only through `rng`. */
export type BatchTransform = (batch: LabelledBatch, rng: Rng) => MixedBatch;

/** What `mixUp` and `cutMix` take. */
export interface MixOptions {
  readonly classes: number;
  /** The parameter of the Beta distribution that shares are drawn from, > 0; 1 by default: all shares alike. */
  readonly alpha?: number;
}

const { fround } = Math;

/** Adds up neighbours, `share` of each sample and the rest of the one before it (Zhang et al. 2017). */
export const mixUp =
  ({ classes, alpha = 1 }: MixOptions): BatchTransform =>
  (batch, rng) =>
    mixWith(batch, sampleShare(alpha, rng), classes);

/** Puts a box of the sample before it into each sample (Yun et al. 2019). */
export const cutMix =
  ({ classes, alpha = 1 }: MixOptions): BatchTransform =>
  (batch, rng) =>
    cutWith(batch, sampleCut(batch, alpha, rng), classes);

/** `mixUp` with a given share 0..1. torchvision's, bit for bit. */
export function mixWith({ images, labels }: LabelledBatch, share: number, classes: number): MixedBatch {
  return {
    images: mixNeighbours(images, images.length / labels.length, share),
    targets: mixNeighbours(oneHot(labels, classes), classes, share),
    share,
  };
}

/** `cutMix` with a given box. torchvision's, bit for bit. */
export function cutWith({ images, labels, width, height }: LabelledBatch, box: Box, classes: number): MixedBatch {
  const mixed = images.slice();
  const sample = images.length / labels.length;
  for (let plane = 0; plane < images.length; plane += width * height) {
    const before = (plane - sample + images.length) % images.length;
    for (let y = box.top; y < box.top + box.height; y++) {
      const at = y * width + box.left;
      mixed.set(images.subarray(before + at, before + at + box.width), plane + at);
    }
  }
  const share = 1 - (box.width * box.height) / (width * height);
  return { images: mixed, targets: mixNeighbours(oneHot(labels, classes), classes, share), share };
}

/** Rows of `length` values, each mixed with the row before it. */
function mixNeighbours(rows: Float32Array, length: number, share: number): Float32Array {
  const own = fround(share);
  const other = fround(1 - share);
  return rows.map((value, i) => {
    const before = rows[(i - length + rows.length) % rows.length]!;
    return fround(before * other) + fround(value * own);
  });
}

function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) rows[i * classes + labels[i]!] = 1;
  return rows;
}

/** The box around a random point that has 1 − share of the area, as far as it lies in the picture. */
export function sampleCut({ width, height }: Size, alpha: number, rng: Rng): Box {
  const share = sampleShare(alpha, rng);
  const x = rng.integer(0, width - 1);
  const y = rng.integer(0, height - 1);
  const half = 0.5 * Math.sqrt(1 - share);
  const [halfWidth, halfHeight] = [Math.floor(half * width), Math.floor(half * height)];
  const left = Math.max(0, x - halfWidth);
  const top = Math.max(0, y - halfHeight);
  return {
    left,
    top,
    width: Math.min(width, x + halfWidth) - left,
    height: Math.min(height, y + halfHeight) - top,
  };
}

/** A number in 0..1 of the distribution Beta(alpha, alpha). */
export function sampleShare(alpha: number, rng: Rng): number {
  const one = logGamma(alpha, rng);
  const other = logGamma(alpha, rng);
  return 1 / (1 + Math.exp(other - one));
}

/** A uniform number in (0, 1], whose logarithm is finite. */
const aboveZero = (rng: Rng): number => 1 - rng.uniform();

/**
 * The logarithm of a number of the distribution Gamma(shape, 1): "A simple method for generating gamma variables",
 * Marsaglia and Tsang 2000. In logarithms, because numbers of a small shape underflow.
 */
function logGamma(shape: number, rng: Rng): number {
  if (shape < 1) return logGamma(shape + 1, rng) + Math.log(aboveZero(rng)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(aboveZero(rng)) < 0.5 * x * x + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}
