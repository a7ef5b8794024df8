import { defineOp, dims4, float32, opaque } from "../graph/define-op.ts";
import { type Shape, sameShape, type TensorType, type Value } from "../graph/value.ts";
import { expectPairs, expectRule, expectSameShape, type Pair } from "./checks.ts";
import {
  poolAdaptive,
  poolAdaptiveGradient,
  poolAverage,
  poolAverageGradient,
  poolMaximum,
  poolMaximumGradient,
} from "./reference/pooling.ts";

/** How a window walks over an image; with `ceilMode` a last window may reach over the right and lower edge. */
export type WindowAttributes = {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;
};

/** `dilation`: distance between neighbouring elements of a window. */
export type MaxPoolAttributes = WindowAttributes & { readonly dilation: Pair };

/** `countIncludePad`: whether padding counts in the divisor. */
export type AveragePoolAttributes = WindowAttributes & { readonly countIncludePad: boolean };

const WINDOW: WindowAttributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], ceilMode: false };
const MAX_POOL: MaxPoolAttributes = { ...WINDOW, dilation: [1, 1] };
const AVERAGE_POOL: AveragePoolAttributes = { ...WINDOW, countIncludePad: true };

/**
 * Largest element of each window: x [N, C, H, W] → y, workspace [N, C, H', W'].
 *
 * The first of equal elements wins and NaN wins over all, as in PyTorch. Padding is never chosen. The workspace says which
 * element was chosen (in the reference: flat index h·W + w) and is read by the gradient alone.
 */
export const maxPool = defineOp({
  name: "maxPool",
  inputs: ["x"],
  outputs: ["y", "workspace"],
  defaults: MAX_POOL,
  shape: ([x], attributes) => {
    const shape = pooledShape("maxPool", x, attributes);
    return [float32(shape), opaque(shape)];
  },
  gradient: ({ inputs: [x], outputs: [y, workspace], gradOutputs: [dy], attributes }) => [
    maxPoolGradient(x, y, workspace, dy, attributes),
  ],
  reference: ([x], attributes, [y]) => poolMaximum(x, attributes, y.shape),
});

/** Gradient of `maxPool`: dy goes to the element that was chosen; x, y, workspace, dy → dx of x's shape. */
export const maxPoolGradient = defineOp({
  name: "maxPoolGradient",
  inputs: ["x", "y", "workspace", "dy"],
  outputs: ["dx"],
  defaults: MAX_POOL,
  dtypes: { workspace: "opaque" },
  shape: ([x, y, workspace, dy], attributes) => {
    expectSameShape("maxPoolGradient", { y, workspace, dy });
    const shape = pooledShape("maxPoolGradient", x, attributes);
    expectRule("maxPoolGradient", sameShape(shape, dy.shape), `dy must have shape [${shape.join(", ")}]`, { x, dy });
    return [float32(x.shape)];
  },
  reference: ([x, , workspace, dy]) => [poolMaximumGradient(dy, workspace, x.shape)],
});

/** Mean of each window: x [N, C, H, W] → [N, C, H', W']. */
export const averagePool = defineOp({
  name: "averagePool",
  inputs: ["x"],
  outputs: ["y"],
  defaults: AVERAGE_POOL,
  shape: ([x], attributes) => [float32(pooledShape("averagePool", x, { ...attributes, dilation: [1, 1] }))],
  gradient: ({ inputs: [x], gradOutputs: [dy], attributes }) => [
    averagePoolGradient(dy, { ...attributes, inputSize: spatialSize("averagePool", x) }),
  ],
  reference: ([x], attributes, [y]) => [poolAverage(x, attributes, y.shape)],
});

/** Gradient of `averagePool` over images of size `inputSize`: dy [N, C, H', W'] → dx [N, C, H, W]. */
export const averagePoolGradient = defineOp({
  name: "averagePoolGradient",
  inputs: ["dy"],
  outputs: ["dx"],
  defaults: { ...AVERAGE_POOL, inputSize: [0, 0] as Pair },
  shape: ([dy], { inputSize, ...attributes }) => {
    const [n, c] = dims4(dy, "averagePoolGradient", "dy");
    expectPairs("averagePoolGradient", { inputSize }, 1, { dy });
    const dx = float32([n, c, ...inputSize]);
    const shape = pooledShape("averagePoolGradient", dx, { ...attributes, dilation: [1, 1] });
    expectRule("averagePoolGradient", sameShape(shape, dy.shape), `dy must have shape [${shape.join(", ")}]`, { dy });
    return [dx];
  },
  reference: ([dy], attributes, [dx]) => [poolAverageGradient(dy, attributes, dx.shape)],
});

/** Mean of bin i = [⌊i·in/out⌋, ⌈(i + 1)·in/out⌉) along both axes: x [N, C, H, W] → [N, C, ...outputSize]. */
export const adaptiveAveragePool = defineOp({
  name: "adaptiveAveragePool",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { outputSize: [1, 1] as Pair },
  shape: ([x], { outputSize }) => {
    const [n, c] = dims4(x, "adaptiveAveragePool", "x");
    expectPairs("adaptiveAveragePool", { outputSize }, 1, { x });
    return [float32([n, c, ...outputSize])];
  },
  gradient: ({ inputs: [x], gradOutputs: [dy] }) => [
    adaptiveAveragePoolGradient(dy, { inputSize: spatialSize("adaptiveAveragePool", x) }),
  ],
  reference: ([x], _, [y]) => [poolAdaptive(x, y.shape)],
});

/** Gradient of `adaptiveAveragePool` over images of size `inputSize`: dy [N, C, H', W'] → dx [N, C, H, W]. */
export const adaptiveAveragePoolGradient = defineOp({
  name: "adaptiveAveragePoolGradient",
  inputs: ["dy"],
  outputs: ["dx"],
  defaults: { inputSize: [0, 0] as Pair },
  shape: ([dy], { inputSize }) => {
    const [n, c] = dims4(dy, "adaptiveAveragePoolGradient", "dy");
    expectPairs("adaptiveAveragePoolGradient", { inputSize }, 1, { dy });
    return [float32([n, c, ...inputSize])];
  },
  reference: ([dy], _, [dx]) => [poolAdaptiveGradient(dy, dx.shape)],
});

function spatialSize(op: string, x: Value): Pair {
  const [, , h, w] = dims4(x, op, "x");
  return [h, w];
}

/** [N, C, H', W'] of a pool: in ceil mode a window that would start in the right padding is dropped. */
function pooledShape(op: string, x: TensorType, attributes: MaxPoolAttributes): Shape {
  const { kernel, stride, padding, dilation } = attributes;
  const [n, c, h, w] = dims4(x, op, "x");
  expectPairs(op, { kernel, stride, dilation }, 1, { x });
  expectPairs(op, { padding }, 0, { x });
  const narrow = padding[0] <= kernel[0] / 2 && padding[1] <= kernel[1] / 2;
  expectRule(op, narrow, `padding [${padding.join(", ")}] must be at most half of kernel [${kernel.join(", ")}]`, {
    x,
  });
  const size: Pair = [pooledSize(h, 0, attributes), pooledSize(w, 1, attributes)];
  expectRule(op, 1 <= Math.min(...size), `kernel [${kernel.join(", ")}] must fit into the padded image`, { x });
  return [n, c, ...size];
}

function pooledSize(size: number, axis: 0 | 1, attributes: MaxPoolAttributes): number {
  const { kernel, stride, padding, dilation, ceilMode } = attributes;
  const span = size + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
  const count = (ceilMode ? Math.ceil(span / stride[axis]) : Math.floor(span / stride[axis])) + 1;
  const lastStartsOutside = size + padding[axis] <= (count - 1) * stride[axis];
  return ceilMode && lastStartsOutside ? count - 1 : count;
}
