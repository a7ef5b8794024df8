import { defineOp, dims4, float32 } from "../graph/define-op.ts";
import type { TensorType, Value } from "../graph/value.ts";
import { sum } from "./arithmetic.ts";
import { expectPairs, expectRule, expectVectors, type NamedOperands, type Pair } from "./checks.ts";
import { convolve, convolveInputGradient, convolveWeightGradient } from "./reference/convolution.ts";

/** How a kernel walks over an image; `padding` is added on both sides. */
export type ConvolutionAttributes = {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
};

const DEFAULTS: ConvolutionAttributes = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

/**
 * Cross-correlation of x [N, C, H, W] with weight [O, C/groups, KH, KW] plus bias [O] → [N, O, H', W'],
 * H' = ⌊(H + 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1.
 */
export const conv2d = defineOp({
  name: "conv2d",
  inputs: ["x", "weight", "bias?"],
  outputs: ["y"],
  defaults: DEFAULTS,
  shape: ([x, weight, bias], attributes) => {
    const [n, c, h, w] = dims4(x, "conv2d", "x");
    const [o, perGroup, kh, kw] = dims4(weight, "conv2d", "weight");
    const { groups } = attributes;
    const operands = { x, weight };
    expectGroups("conv2d", { groups, o, c }, operands);
    expectRule("conv2d", perGroup === c / groups, `weight must have ${c / groups} input channels`, operands);
    expectVectors("conv2d", o, { bias }, { weight });
    return [float32([n, o, ...imageSize("conv2d", [h, w], [kh, kw], { attributes, operands })])];
  },
  gradient: ({ inputs: [x, weight, bias], gradOutputs: [dy], attributes }): (Value | undefined)[] => {
    const [, , h, w] = dims4(x, "conv2d", "x");
    const [, , kh, kw] = dims4(weight, "conv2d", "weight");
    return [
      conv2dInputGradient(dy, weight, { ...attributes, inputSize: [h, w] }),
      conv2dWeightGradient(x, dy, { ...attributes, kernel: [kh, kw] }),
      bias && sum(dy, { axes: [0, 2, 3] }),
    ];
  },
  reference: ([x, weight, bias], attributes, [y]) => [convolve(x, weight, { bias, attributes, shape: y.shape })],
});

/** Gradient of `conv2d` with respect to x of spatial size `inputSize`: dy [N, O, H', W'], weight → dx [N, C, H, W]. */
export const conv2dInputGradient = defineOp({
  name: "conv2dInputGradient",
  inputs: ["dy", "weight"],
  outputs: ["dx"],
  defaults: { ...DEFAULTS, inputSize: [0, 0] as Pair },
  shape: ([dy, weight], attributes) => {
    const [n, o] = dims4(dy, "conv2dInputGradient", "dy");
    const [weightO, perGroup, kh, kw] = dims4(weight, "conv2dInputGradient", "weight");
    const { groups, inputSize } = attributes;
    const operands = { dy, weight };
    expectGroups("conv2dInputGradient", { groups, o, c: perGroup * groups }, operands);
    expectRule("conv2dInputGradient", o === weightO, `dy must have ${weightO} channels`, operands);
    expectPairs("conv2dInputGradient", { inputSize }, 1, operands);
    expectImageOf("conv2dInputGradient", inputSize, [kh, kw], { dy, attributes, operands });
    return [float32([n, perGroup * groups, ...inputSize])];
  },
  reference: ([dy, weight], attributes, [dx]) => [convolveInputGradient(dy, weight, { attributes, shape: dx.shape })],
});

/** Gradient of `conv2d` with respect to a weight of size `kernel`: x, dy [N, O, H', W'] → dweight [O, C/groups, KH, KW]. */
export const conv2dWeightGradient = defineOp({
  name: "conv2dWeightGradient",
  inputs: ["x", "dy"],
  outputs: ["dweight"],
  defaults: { ...DEFAULTS, kernel: [0, 0] as Pair },
  shape: ([x, dy], attributes) => {
    const [n, c, h, w] = dims4(x, "conv2dWeightGradient", "x");
    const [dyN, o] = dims4(dy, "conv2dWeightGradient", "dy");
    const { groups, kernel } = attributes;
    const operands = { x, dy };
    expectRule("conv2dWeightGradient", n === dyN, "x and dy must have one batch size", operands);
    expectGroups("conv2dWeightGradient", { groups, o, c }, operands);
    expectImageOf("conv2dWeightGradient", [h, w], kernel, { dy, attributes, operands });
    return [float32([o, c / groups, ...kernel])];
  },
  reference: ([x, dy], attributes, [dweight]) => [convolveWeightGradient(x, dy, { attributes, shape: dweight.shape })],
});

function expectGroups(op: string, { groups, o, c }: { groups: number; o: number; c: number }, operands: NamedOperands) {
  const divides = Number.isInteger(groups) && 1 <= groups && o % groups === 0 && c % groups === 0;
  expectRule(op, divides, `groups ${groups} must divide the channels, ${c} in and ${o} out`, operands);
}

/** [H', W'] of a convolution's result. */
function imageSize(
  op: string,
  size: Pair,
  kernel: Pair,
  { attributes, operands }: { attributes: ConvolutionAttributes; operands: NamedOperands },
): Pair {
  const { stride, padding, dilation } = attributes;
  expectPairs(op, { stride, dilation, kernel }, 1, operands);
  expectPairs(op, { padding }, 0, operands);
  const along = (axis: 0 | 1): number =>
    Math.floor((size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1;
  const result: Pair = [along(0), along(1)];
  expectRule(
    op,
    1 <= Math.min(...result),
    `the kernel [${kernel.join(", ")}] must fit into the padded image`,
    operands,
  );
  return result;
}

function expectImageOf(
  op: string,
  size: Pair,
  kernel: Pair,
  { dy, ...rest }: { dy: TensorType; attributes: ConvolutionAttributes; operands: NamedOperands },
): void {
  const [h, w] = imageSize(op, size, kernel, rest);
  expectRule(op, dy.shape[2] === h && dy.shape[3] === w, `dy must have spatial size [${h}, ${w}]`, rest.operands);
}
