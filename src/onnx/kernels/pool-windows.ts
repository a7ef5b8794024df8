/** Windows of max pools, and what all their gradients in the blocked layout do. */
import type { TensorType } from "../../graph/value.ts";
import type { MaxPoolAttributes } from "../../ops/pooling.ts";
import type { Emitter, NodeAttributes } from "../emitter.ts";
import { asNumber } from "./activations.ts";

/** Of rows and columns. */
export type Pair = readonly [number, number];

/** Height and width of an image. */
export const spatial = ({ shape }: TensorType): Pair => [shape[2] ?? 1, shape[3] ?? 1];

/** Window attributes; pads at the end are as wide as the windows need, which stands for ceil mode with PyTorch's rule. */
export function windowAttributes(attributes: MaxPoolAttributes, size: Pair, pooled: Pair): NodeAttributes {
  const { kernel, stride, padding, dilation } = attributes;
  const end = (axis: 0 | 1): number => {
    const reach = (pooled[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
    return Math.max(0, reach - size[axis] - padding[axis]);
  };
  return { kernel_shape: kernel, strides: stride, dilations: dilation, pads: [...padding, end(0), end(1)] };
}

/** Whether no element lies in two windows and all windows lie within the image. */
export function isTiling({ kernel, stride, padding, dilation }: MaxPoolAttributes, size: Pair, pooled: Pair): boolean {
  return ([0, 1] as const).every(
    (axis) =>
      dilation[axis] === 1 &&
      padding[axis] === 0 &&
      kernel[axis] <= stride[axis] &&
      (pooled[axis] - 1) * stride[axis] + kernel[axis] <= size[axis],
  );
}

/** Whether the windows cover every element once. */
export const tilesAll = (attributes: MaxPoolAttributes, size: Pair, pooled: Pair): boolean =>
  isTiling(attributes, size, pooled) &&
  ([0, 1] as const).every((axis) => pooled[axis] * attributes.kernel[axis] === size[axis]);

/** Whether the windows touch all elements, side by side. */
const isGapless = ({ kernel, stride, dilation }: MaxPoolAttributes): boolean =>
  ([0, 1] as const).every((axis) => dilation[axis] === 1 && stride[axis] <= kernel[axis]);

/** Whether a max pool has a gradient in the blocked layout that is faster than that by places. */
export const isDoneInBlocks = (attributes: MaxPoolAttributes, size: Pair, pooled: Pair): boolean =>
  tilesAll(attributes, size, pooled) || (isGapless(attributes) && !isTiling(attributes, size, pooled));

/**
 * By place in a window, what of dy goes to the elements there: all of it to the first that is a maximum, and what nobody took to those at
 * the last place. `isMaximum` gives truth values of dy's shape.
 */
export function sharesOf(emitter: Emitter, dy: string, places: number, isMaximum: (place: number) => string): string[] {
  let rest = dy;
  return Array.from({ length: places }, (_, place) => {
    if (place === places - 1) return rest;
    const taken = emitter.emit("Mul", [rest, asNumber(emitter, isMaximum(place))]);
    rest = emitter.emit("Sub", [rest, taken]);
    return taken;
  });
}
