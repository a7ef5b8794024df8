import { sameShape, sizeOf, type TensorType } from "../../graph/value.ts";
import type { AveragePoolAttributes, MaxPoolAttributes } from "../../ops/pooling.ts";
import { emitBlocked, fromBlocked, toBlocked } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";
import { interleave, noteRows, takeRows } from "../rows.ts";
import { overlappingMaxPoolGradient } from "./overlapping-max-pool.ts";
import { isDoneInBlocks, isTiling, type Pair, sharesOf, spatial, tilesAll, windowAttributes } from "./pool-windows.ts";

type Names =
  | "maxPool"
  | "maxPoolGradient"
  | "averagePool"
  | "averagePoolGradient"
  | "adaptiveAveragePool"
  | "adaptiveAveragePoolGradient";

/** For each position of a pooled axis, the share of each element of the axis: [pooled, size]. */
type Shares = readonly (readonly number[])[];

/** Shares of `averagePool` along one axis; a window beyond the padding counts no elements there. */
function windowShares(attributes: AveragePoolAttributes, axis: 0 | 1, [size, pooled]: Pair): Shares {
  const { kernel, stride, padding, countIncludePad } = attributes;
  return Array.from({ length: pooled }, (_, index) => {
    const from = index * stride[axis] - padding[axis];
    const to = Math.min(from + kernel[axis], size + padding[axis]);
    const inside = Math.min(to, size) - Math.max(from, 0);
    const count = countIncludePad ? to - from : inside;
    return Array.from({ length: size }, (_unused, at) => (from <= at && at < to ? 1 / count : 0));
  });
}

/** Shares of `adaptiveAveragePool` along one axis. */
function binShares([size, pooled]: Pair): Shares {
  return Array.from({ length: pooled }, (_, index) => {
    const from = Math.floor((index * size) / pooled);
    const to = Math.ceil(((index + 1) * size) / pooled);
    return Array.from({ length: size }, (_unused, at) => (from <= at && at < to ? 1 / (to - from) : 0));
  });
}

const transposed = (matrix: Shares): Shares =>
  (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));

/** Every image between two constant matrices: left · x · rightᵀ. A mean of windows is a product of one per axis. */
function between({ emit, floats }: Emitter, x: string, [left, right]: readonly [Shares, Shares]): string {
  const constant = (matrix: Shares): string => floats(matrix.flat(), [matrix.length, matrix[0]?.length ?? 0]);
  return emit("MatMul", [constant(left), emit("MatMul", [x, constant(transposed(right))])]);
}

const axisPairs = (size: Pair, pooled: Pair): readonly [Pair, Pair] => [
  [size[0], pooled[0]],
  [size[1], pooled[1]],
];

function averageShares(attributes: AveragePoolAttributes, size: Pair, pooled: Pair): readonly [Shares, Shares] {
  const [rows, columns] = axisPairs(size, pooled);
  return [windowShares(attributes, 0, rows), windowShares(attributes, 1, columns)];
}

function adaptiveShares(size: Pair, pooled: Pair): readonly [Shares, Shares] {
  const [rows, columns] = axisPairs(size, pooled);
  return [binShares(rows), binShares(columns)];
}

/** The workspace of a blocked max pool: none, since its gradient finds the maxima again. */
const NO_PLACES = "";

/**
 * dx of a max pool in the blocked layout whose windows cover every element once: going through a window's positions, the
 * first that equals the maximum takes dy and leaves nothing for the others. All elements at one position of their windows
 * are taken together, so that every step is one pass over contiguous memory.
 */
function tiledMaxPoolGradient(
  emitter: Emitter,
  [x, y, dy]: readonly [string, string, string],
  { attributes, type }: { attributes: MaxPoolAttributes; type: TensorType },
): string {
  const { emit, int64s } = emitter;
  const { block } = emitter.target;
  const [kh, kw] = attributes.kernel;
  const [h, w] = spatial(type);
  const planes = sizeOf(type.shape) / (h * w * block);
  const rowsOf = (value: string): string => emit("Reshape", [toBlocked(emitter, value), int64s([-1, block])]);
  const windows = [
    { size: planes, stride: h * w },
    { size: h / kh, stride: kh * w },
    { size: w / kw, stride: kw },
  ];
  const positions = Array.from({ length: kh * kw }, (_, at) => Math.floor(at / kw) * w + (at % kw));
  const whole = toBlocked(emitter, x);
  const maximum = rowsOf(y);
  const gradients = sharesOf(emitter, rowsOf(dy), positions.length, (place) => {
    const element = takeRows(emitter, whole, { axes: windows, offset: positions[place] ?? 0, width: block });
    return emit("Equal", [element, maximum]);
  });
  const together = interleave(emitter, { parts: gradients, step: [kh, kw], planes, size: [h, w], width: block });
  const blocked = emit("Reshape", [together, int64s(type.shape)]);
  noteRows(emitter, blocked, together);
  const dx = fromBlocked(emitter, blocked, type);
  emitter.sameSums.set(dx, dy);
  return dx;
}

/** dx of a max pool: each dy added at the place that the workspace names. */
function maxPoolGradient(emitter: Emitter, [places, dy]: readonly string[], type: TensorType): string {
  const { emit, int64s, number } = emitter;
  const flat = (value = ""): string => emit("Reshape", [value, int64s([-1])]);
  const zeros = emit("Expand", [number(0), int64s([sizeOf(type.shape)])]);
  const scattered = emit("ScatterElements", [zeros, flat(places), flat(dy)], { axis: 0, reduction: "add" });
  return emit("Reshape", [scattered, int64s(type.shape)]);
}

/** Means of windows, in blocks if the image is. */
function meansOf(emitter: Emitter, x: string, attributes: AveragePoolAttributes, type: TensorType): string {
  const { kernel, stride, padding, countIncludePad } = attributes;
  const pads = [...padding, ...padding];
  const window = { kernel_shape: kernel, strides: stride, pads, count_include_pad: countIncludePad ? 1 : 0 };
  const blocked = emitter.blocked.get(x);
  if (!blocked) return emitter.emit("AveragePool", [x], window);
  return fromBlocked(emitter, emitBlocked(emitter, "AveragePool", { inputs: [blocked], attributes: window }), type);
}

/** Whether each element gives as much to its neighbour as it gets from there, so that the gradient is the same pool of dy. */
const isSymmetric = ({ kernel, stride, padding, countIncludePad, ceilMode }: AveragePoolAttributes): boolean =>
  !ceilMode &&
  countIncludePad &&
  ([0, 1] as const).every((axis) => stride[axis] === 1 && kernel[axis] === 2 * padding[axis] + 1);

/** Pools and their gradients. */
export const pooling: KernelsFor<Names> = {
  maxPool: (emitter, [x], { attributes, inputs: [xType], outputs: [yType] }) => {
    const window = windowAttributes(attributes, spatial(xType), spatial(yType));
    const blocked = emitter.blocked.get(x);
    if (blocked && isDoneInBlocks(attributes, spatial(xType), spatial(yType))) {
      const pooled = emitBlocked(emitter, "MaxPool", { inputs: [blocked], attributes: window });
      return [fromBlocked(emitter, pooled, yType), NO_PLACES];
    }
    const [y = "", places = ""] = emitter.emitAll("MaxPool", [x], { attributes: window, outputs: 2 });
    return [y, places];
  },
  maxPoolGradient: (emitter, [x, y, places, dy], { attributes, inputs: [xType, yType] }) => {
    const [size, pooled] = [spatial(xType), spatial(yType)];
    if (places === NO_PLACES) {
      if (tilesAll(attributes, size, pooled))
        return [tiledMaxPoolGradient(emitter, [x, y, dy], { attributes, type: xType })];
      return [overlappingMaxPoolGradient(emitter, [x, y, dy], { attributes, types: [xType, yType] })];
    }
    if (!isTiling(attributes, size, pooled)) return [maxPoolGradient(emitter, [places, dy], xType)];
    const { kernel, stride } = attributes;
    const window = { kernel_shape: kernel, strides: stride };
    return [emitter.emit("MaxUnpool", [dy, places, emitter.int64s(xType.shape)], window)];
  },
  averagePool: (emitter, [x], { attributes, inputs: [xType], outputs: [yType] }) => {
    if (attributes.ceilMode) return [between(emitter, x, averageShares(attributes, spatial(xType), spatial(yType)))];
    return [meansOf(emitter, x, attributes, yType)];
  },
  averagePoolGradient: (emitter, [dy], { attributes, inputs: [dyType], outputs: [dxType] }) => {
    if (emitter.blocked.has(dy) && isSymmetric(attributes)) return [meansOf(emitter, dy, attributes, dxType)];
    const [left, right] = averageShares(attributes, spatial(dxType), spatial(dyType));
    return [between(emitter, dy, [transposed(left), transposed(right)])];
  },
  adaptiveAveragePool: (emitter, [x], { inputs: [xType], outputs: [yType] }) => {
    if (sameShape(xType.shape, yType.shape)) return [x];
    if (sizeOf(spatial(yType)) === 1) return [emitter.emit("GlobalAveragePool", [x])];
    return [between(emitter, x, adaptiveShares(spatial(xType), spatial(yType)))];
  },
  adaptiveAveragePoolGradient: (emitter, [dy], { inputs: [dyType], outputs: [dxType] }) => {
    const { emit, number, int64s } = emitter;
    if (sameShape(dyType.shape, dxType.shape)) return [dy];
    if (sizeOf(spatial(dyType)) === 1) {
      const share = emit("Mul", [dy, number(1 / sizeOf(spatial(dxType)))]);
      return [emit("Expand", [share, int64s(dxType.shape)])];
    }
    const [left, right] = adaptiveShares(spatial(dxType), spatial(dyType));
    return [between(emitter, dy, [transposed(left), transposed(right)])];
  },
};
