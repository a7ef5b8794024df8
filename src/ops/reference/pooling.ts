import type { HostTensor } from "../../graph/define-op.ts";
import type { Shape } from "../../graph/value.ts";
import type { AveragePoolAttributes, MaxPoolAttributes } from "../pooling.ts";
import { zeros } from "./elements.ts";

/** A range of rows or columns: start..end−1 in steps of `step`, and how many elements it counts for in a mean. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly count: number;
}

/** The rows (axis 0) or columns (axis 1) of window number `index`. */
type Ranges = (axis: 0 | 1, index: number) => Range;

/** A window of one plane: flat index of its output, offset of its plane of x, rows and columns. */
interface PoolWindow {
  readonly output: number;
  readonly plane: number;
  readonly rows: Range;
  readonly columns: Range;
}

function forEachWindow(shape: Shape, inputPlane: number, ranges: Ranges, visit: (window: PoolWindow) => void): void {
  const [n, c, outH, outW] = shape as [number, number, number, number];
  const rows = Array.from({ length: outH }, (_, index) => ranges(0, index));
  const columns = Array.from({ length: outW }, (_, index) => ranges(1, index));
  for (let output = 0; output < n * c * outH * outW; output++) {
    visit({
      output,
      plane: Math.floor(output / (outH * outW)) * inputPlane,
      rows: rows[Math.floor(output / outW) % outH]!,
      columns: columns[output % outW]!,
    });
  }
}

/** Calls `visit` with h·W + w of each element of a window. */
function forEachElement({ rows, columns }: PoolWindow, w: number, visit: (flat: number) => void): void {
  for (let row = rows.start; row < rows.end; row += rows.step) {
    for (let column = columns.start; column < columns.end; column += columns.step) visit(row * w + column);
  }
}

const spatial = (shape: Shape): readonly [number, number] => [shape[2]!, shape[3]!];

/** The first position start, start + step, … that is not padding. */
const skipPadding = (start: number, step: number): number =>
  start < 0 ? start + step * Math.ceil(-start / step) : start;

/** maxPool: y and the flat index h·W + w of the element chosen. */
export function poolMaximum(
  x: HostTensor,
  { kernel, stride, padding, dilation }: MaxPoolAttributes,
  shape: Shape,
): [HostTensor, HostTensor] {
  const size = spatial(x.shape);
  const y = zeros(shape);
  const chosen = new Int32Array(y.data.length);
  const ranges: Ranges = (axis, index) => {
    const first = index * stride[axis] - padding[axis];
    const end = Math.min(first + dilation[axis] * (kernel[axis] - 1) + 1, size[axis]);
    return { start: skipPadding(first, dilation[axis]), end, step: dilation[axis], count: kernel[axis] };
  };
  forEachWindow(shape, size[0] * size[1], ranges, (window) => {
    let best = Number.NEGATIVE_INFINITY;
    let at = window.rows.start * size[1] + window.columns.start;
    forEachElement(window, size[1], (flat) => {
      const value = x.data[window.plane + flat]!;
      if (best < value || Number.isNaN(value)) [best, at] = [value, flat];
    });
    y.data[window.output] = best;
    chosen[window.output] = at;
  });
  return [y, { shape, data: chosen }];
}

/** maxPoolGradient: each dy is added to the element that was chosen. */
export function poolMaximumGradient(dy: HostTensor, workspace: HostTensor, shape: Shape): HostTensor {
  const dx = zeros(shape);
  const [h, w] = spatial(shape);
  const outputPlane = dy.shape[2]! * dy.shape[3]!;
  dy.data.forEach((gradient, index) => {
    dx.data[Math.floor(index / outputPlane) * h * w + workspace.data[index]!]! += gradient;
  });
  return dx;
}

function averageRanges(size: readonly [number, number], attributes: AveragePoolAttributes): Ranges {
  const { kernel, stride, padding, countIncludePad } = attributes;
  return (axis, index) => {
    const first = index * stride[axis] - padding[axis];
    const last = Math.min(first + kernel[axis], size[axis] + padding[axis]); // ceil mode: beyond that nothing counts
    const start = Math.max(first, 0);
    const end = Math.min(last, size[axis]);
    return { start, end, step: 1, count: countIncludePad ? last - first : end - start };
  };
}

/** Bin i = [⌊i·in/out⌋, ⌈(i + 1)·in/out⌉). */
const adaptiveRanges =
  (size: readonly [number, number], outputSize: readonly [number, number]): Ranges =>
  (axis, index) => {
    const start = Math.floor((index * size[axis]) / outputSize[axis]);
    const end = Math.ceil(((index + 1) * size[axis]) / outputSize[axis]);
    return { start, end, step: 1, count: end - start };
  };

function averageWindows(x: HostTensor, shape: Shape, ranges: Ranges): HostTensor {
  const y = zeros(shape);
  const [h, w] = spatial(x.shape);
  forEachWindow(shape, h * w, ranges, (window) => {
    let total = 0;
    forEachElement(window, w, (flat) => {
      total += x.data[window.plane + flat]!;
    });
    y.data[window.output] = total / (window.rows.count * window.columns.count);
  });
  return y;
}

function spreadWindows(dy: HostTensor, shape: Shape, ranges: Ranges): HostTensor {
  const dx = zeros(shape);
  const [h, w] = spatial(shape);
  forEachWindow(dy.shape, h * w, ranges, (window) => {
    const share = dy.data[window.output]! / (window.rows.count * window.columns.count);
    forEachElement(window, w, (flat) => {
      dx.data[window.plane + flat]! += share;
    });
  });
  return dx;
}

/** averagePool in plain loops. */
export const poolAverage = (x: HostTensor, attributes: AveragePoolAttributes, shape: Shape): HostTensor =>
  averageWindows(x, shape, averageRanges(spatial(x.shape), attributes));

/** averagePoolGradient in plain loops. */
export const poolAverageGradient = (dy: HostTensor, attributes: AveragePoolAttributes, shape: Shape): HostTensor =>
  spreadWindows(dy, shape, averageRanges(spatial(shape), attributes));

/** adaptiveAveragePool in plain loops. */
export const poolAdaptive = (x: HostTensor, shape: Shape): HostTensor =>
  averageWindows(x, shape, adaptiveRanges(spatial(x.shape), spatial(shape)));

/** adaptiveAveragePoolGradient in plain loops. */
export const poolAdaptiveGradient = (dy: HostTensor, shape: Shape): HostTensor =>
  spreadWindows(dy, shape, adaptiveRanges(spatial(shape), spatial(dy.shape)));
