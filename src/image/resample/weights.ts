/** Weights of Pillow's resampling along one axis: a filter stretched over the source when it shrinks, in fixed point. */

/** How pixels between pixels are found by weighing those around. */
export type Weighing = "bilinear" | "bicubic";
/** How pixels between pixels are found. */
export type Interpolation = Weighing | "nearest";

/** A filter and the distance from its centre beyond which it is zero. */
interface Filter {
  readonly support: number;
  readonly at: (distance: number) => number;
}

/** The cubic's free parameter: Catmull–Rom, Pillow's choice. */
const CUBIC = -0.5;

const FILTERS: Readonly<Record<Weighing, Filter>> = {
  bilinear: { support: 1, at: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: { support: 2, at: cubic },
};

/** Keys' cubic convolution ("Cubic convolution interpolation for digital image processing", 1981). */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * CUBIC;
  return 0;
}

/** Fraction bits of a weight. */
export const WEIGHT_BITS = 22;
/** One half of the result's last place, which sums begin with so that shifting rounds. */
export const ROUNDING = 1 << (WEIGHT_BITS - 1);

/** Which source elements make each result element along one axis, and how much each counts. */
export interface Weights {
  /** The first source element of each result element. */
  readonly first: Int32Array;
  /** The number of source elements of each result element. */
  readonly taps: Int32Array;
  /** [results, stride], `WEIGHT_BITS` fraction bits; zero from `taps` on. */
  readonly values: Int32Array;
  /** A multiple of four, at least the largest of `taps`. */
  readonly stride: number;
}

/** One axis of a resampling. */
export interface Axis {
  /** Source elements. */
  readonly source: number;
  /** Result elements, if all were made. */
  readonly target: number;
  /** The first result element to make. */
  readonly start: number;
  /** The number of result elements to make. */
  readonly count: number;
  readonly interpolation: Weighing;
}

/** Axes whose weights are kept: pictures of one camera, and those of evaluation, have few. */
const KEPT = 16;
/** Elements of the largest weights that are kept. */
const LARGEST_KEPT = 1 << 16;
const kept = new Map<string, Weights>();

/** The weights of one axis, to the last bit those of Pillow 12 for 8-bit images. They may be shared and are not to be changed. */
export function axisWeights(axis: Axis): Weights {
  const key = `${axis.interpolation} ${axis.source} ${axis.target} ${axis.start} ${axis.count}`;
  const weights = kept.get(key) ?? weigh(axis);
  kept.delete(key);
  if (weights.values.length <= LARGEST_KEPT) kept.set(key, weights);
  const [oldest] = kept.keys();
  if (KEPT < kept.size && oldest !== undefined) kept.delete(oldest);
  return weights;
}

function weigh({ source, target, start, count, interpolation }: Axis): Weights {
  const filter = FILTERS[interpolation];
  const scale = source / target;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const stride = 4 * Math.ceil((Math.floor(2 * support) + 2) / 4);
  const weights = {
    first: new Int32Array(count),
    taps: new Int32Array(count),
    values: new Int32Array(count * stride),
    stride,
  };
  const fractions = new Float64Array(stride);
  for (let i = 0; i < count; i++) {
    const centre = (start + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(source, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const fraction = filter.at((first + tap - centre + 0.5) * (1 / stretch));
      fractions[tap] = fraction;
      sum += fraction;
    }
    weights.first[i] = first;
    weights.taps[i] = taps;
    for (let tap = 0; tap < taps; tap++) weights.values[i * stride + tap] = toFixedPoint(fractions[tap]! / sum);
  }
  return weights;
}

/** Rounds halves away from zero. */
const toFixedPoint = (fraction: number): number =>
  Math.trunc(fraction * 2 ** WEIGHT_BITS + (fraction < 0 ? -0.5 : 0.5));
