import { sameShape, type Value } from "../graph/value.ts";
import { adaptiveAveragePool, averagePool, flatten, maxPool, relu } from "../ops/index.ts";
import { type PairOption, pairOf } from "./pair.ts";

/** What a pool takes. A single number stands for both axes. */
export interface PoolOptions {
  readonly kernel: PairOption;
  /** The kernel's size by default. */
  readonly stride?: PairOption;
  /** Around the image, at most half of the kernel; 0 by default. */
  readonly padding?: PairOption;
  /** Whether a last window may reach over the right and lower edge; false by default. */
  readonly ceilMode?: boolean;
}

/** Distance between the elements of a window; 1 by default. */
export type MaxPoolOptions = PoolOptions & { readonly dilation?: PairOption };

/** Whether padding counts in the divisor; true by default, as in PyTorch. */
export type AveragePoolOptions = PoolOptions & { readonly countIncludePad?: boolean };

const windowOf = ({ kernel, stride = kernel, padding = 0, ceilMode = false }: PoolOptions) => ({
  kernel: pairOf(kernel),
  stride: pairOf(stride),
  padding: pairOf(padding),
  ceilMode,
});

/**
 * The largest element of each window: [N, C, H, W] → [N, C, H', W'].
 *
 * Of a relu, the pool is taken first and the relu of its result: the same values and gradients (the relu is monotonous,
 * and where no element is positive it passes no gradient), with as many fewer elements to pass through the relu as a
 * window has.
 */
export function maxPool2d(x: Value, { dilation = 1, ...options }: MaxPoolOptions): Value {
  const attributes = { ...windowOf(options), dilation: pairOf(dilation) };
  const source = x.source.kind === "node" && x.source.node.op === "relu" ? x.source.node.inputs[0] : undefined;
  const [y] = maxPool(source ?? x, attributes);
  return source ? relu(y) : y;
}

/** The mean of each window: [N, C, H, W] → [N, C, H', W']. */
export const averagePool2d = (x: Value, { countIncludePad = true, ...options }: AveragePoolOptions): Value =>
  averagePool(x, { ...windowOf(options), countIncludePad });

/** Means of `size` bins along each axis, whatever the image's size: [N, C, H, W] → [N, C, ...size]; x if it has that size. */
export function adaptiveAveragePool2d(x: Value, size: PairOption): Value {
  const outputSize = pairOf(size);
  return sameShape(x.shape.slice(2), outputSize) ? x : adaptiveAveragePool(x, { outputSize });
}

/** The mean of each channel: [N, C, H, W] → [N, C]. */
export const globalAveragePool = (x: Value): Value => flatten(adaptiveAveragePool2d(x, 1));
