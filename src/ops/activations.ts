import { defineOp, float32, type HostTensor } from "../graph/define-op.ts";
import type { TensorType } from "../graph/value.ts";
import { expectSameShape } from "./checks.ts";
import { mapElements, zipElements } from "./reference/elements.ts";

const clamp6 = (value: number): number => Math.min(Math.max(value, 0), 6);
const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

const shapeOf = ([x]: readonly [TensorType]): [TensorType] => [float32(x.shape)];

/** The part that all activation gradients share: an elementwise function of what the rule keeps and of dy. */
const pairwise = (op: string, kept: "x" | "y", derivative: (kept: number) => number) => ({
  shape: ([a, dy]: readonly [TensorType, TensorType]): [TensorType] => {
    expectSameShape(op, { [kept]: a, dy });
    return [float32(a.shape)];
  },
  // a product with 0 would make NaN of an infinite dy, where PyTorch gives 0
  reference: ([a, dy]: readonly [HostTensor, HostTensor]): [HostTensor] => [
    zipElements(a, dy, (value, gradient) => {
      const slope = derivative(value);
      return slope === 0 ? 0 : slope * gradient;
    }),
  ],
});

/** max(x, 0), elementwise. Any shape → same. */
export const relu = defineOp({
  name: "relu",
  inputs: ["x"],
  outputs: ["y"],
  shape: shapeOf,
  gradient: ({ outputs: [y], gradOutputs: [dy] }) => [reluGradient(y, dy)], // needs y only, so x can be freed
  reference: ([x]) => [mapElements(x, (value) => Math.max(value, 0))],
});

/** dy where y > 0, else 0. */
export const reluGradient = defineOp({
  name: "reluGradient",
  inputs: ["y", "dy"],
  outputs: ["dx"],
  ...pairwise("reluGradient", "y", (y) => (y <= 0 ? 0 : 1)),
});

/** min(max(x, 0), 6), elementwise. */
export const relu6 = defineOp({
  name: "relu6",
  inputs: ["x"],
  outputs: ["y"],
  shape: shapeOf,
  gradient: ({ inputs: [x], gradOutputs: [dy] }) => [relu6Gradient(x, dy)],
  reference: ([x]) => [mapElements(x, clamp6)],
});

/** dy where 0 < x < 6, else 0. */
export const relu6Gradient = defineOp({
  name: "relu6Gradient",
  inputs: ["x", "dy"],
  outputs: ["dx"],
  ...pairwise("relu6Gradient", "x", (x) => (x <= 0 || 6 <= x ? 0 : 1)),
});

/** 1/(1 + e⁻ˣ), elementwise. */
export const sigmoid = defineOp({
  name: "sigmoid",
  inputs: ["x"],
  outputs: ["y"],
  shape: shapeOf,
  gradient: ({ outputs: [y], gradOutputs: [dy] }) => [sigmoidGradient(y, dy)],
  reference: ([x]) => [mapElements(x, logistic)],
});

/** dy·y·(1 − y). */
export const sigmoidGradient = defineOp({
  name: "sigmoidGradient",
  inputs: ["y", "dy"],
  outputs: ["dx"],
  ...pairwise("sigmoidGradient", "y", (y) => y * (1 - y)),
});

/** x·sigmoid(x), elementwise (Swish with β = 1). */
export const silu = defineOp({
  name: "silu",
  inputs: ["x"],
  outputs: ["y"],
  shape: shapeOf,
  gradient: ({ inputs: [x], gradOutputs: [dy] }) => [siluGradient(x, dy)],
  reference: ([x]) => [mapElements(x, (value) => value * logistic(value))],
});

/** dy·s·(1 + x·(1 − s)), s = sigmoid(x). */
export const siluGradient = defineOp({
  name: "siluGradient",
  inputs: ["x", "dy"],
  outputs: ["dx"],
  ...pairwise("siluGradient", "x", (x) => logistic(x) * (1 + x * (1 - logistic(x)))),
});

/** x·relu6(x + 3)/6, elementwise (Howard et al. 2019, MobileNetV3). */
export const hardSwish = defineOp({
  name: "hardSwish",
  inputs: ["x"],
  outputs: ["y"],
  shape: shapeOf,
  gradient: ({ inputs: [x], gradOutputs: [dy] }) => [hardSwishGradient(x, dy)],
  reference: ([x]) => [mapElements(x, (value) => (value * clamp6(value + 3)) / 6)],
});

/** dy·(x/3 + 1/2) where −3 < x < 3; 0 below, dy above. */
export const hardSwishGradient = defineOp({
  name: "hardSwishGradient",
  inputs: ["x", "dy"],
  outputs: ["dx"],
  ...pairwise("hardSwishGradient", "x", (x) => (x <= -3 ? 0 : 3 <= x ? 1 : x / 3 + 0.5)),
});

/** relu6(x + 3)/6, elementwise. */
export const hardSigmoid = defineOp({
  name: "hardSigmoid",
  inputs: ["x"],
  outputs: ["y"],
  shape: shapeOf,
  gradient: ({ inputs: [x], gradOutputs: [dy] }) => [hardSigmoidGradient(x, dy)],
  reference: ([x]) => [mapElements(x, (value) => clamp6(value + 3) / 6)],
});

/** dy/6 where −3 < x < 3, else 0. */
export const hardSigmoidGradient = defineOp({
  name: "hardSigmoidGradient",
  inputs: ["x", "dy"],
  outputs: ["dx"],
  ...pairwise("hardSigmoidGradient", "x", (x) => (x <= -3 || 3 <= x ? 0 : 1 / 6)),
});
