import type { TensorType } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import { type KernelsFor, size4 } from "../kernel.ts";
import { algorithmKey, compute } from "./algorithms.ts";
import { blockedConvolution, type Convolution, padsRows, rowPaddedConvolution } from "./blocked-convolution.ts";
import {
  blockedBatchGradient,
  cachedBatchGradient,
  plainBatchGradient,
  turnedBatchGradient,
} from "./blocked-weight-gradient.ts";
import { type InputGradient, phasedInputGradient, transposedInputGradient } from "./strided-input-gradient.ts";
import { pointwiseWeightGradient, productWeightGradient, sizesOf, type WeightGradient } from "./weight-gradient.ts";

type Pair = readonly [number, number];

const spatial = (type: TensorType): Pair => size4(type).slice(2) as unknown as Pair;

/** ONNX pads are all beginnings, then all ends. */
const bothSides = ([h, w]: Pair): number[] => [h, w, h, w];

/** With few channels a product has too few columns to be worth its copies. */
const FEW_CHANNELS = 4;

/** As ONNX Runtime's own Conv on plain images. */
function plainConvolution(emitter: Emitter, convolution: Convolution): string {
  const { x, bias, attributes, turned } = convolution;
  const weight = turned ? turnedKernel(emitter, convolution) : convolution.weight;
  return emitter.emit("Conv", bias ? [x, weight, bias] : [x, weight], attributes);
}

const CONVOLUTIONS = { blocked: blockedConvolution, "padded rows": rowPaddedConvolution, plain: plainConvolution };

/**
 * A convolution with the algorithm that was chosen, else in the blocked layout where that is possible. One whose weight is a constant is
 * left to ONNX Runtime, which chooses the layout by itself and then also joins normalisation, relu and sum with it.
 */
function convolve(emitter: Emitter, key: string, convolution: Convolution): string {
  const own = convolution.attributes.group === 1 && !emitter.isConstant(convolution.weight);
  if (!own) return plainConvolution(emitter, convolution);
  const order = padsRows(convolution)
    ? (["padded rows", "blocked", "plain"] as const)
    : (["blocked", "padded rows", "plain"] as const);
  return compute(emitter, { key, algorithms: CONVOLUTIONS, order }, convolution);
}

/** Each kernel turned by 180° and the channels of each group exchanged. */
function turnedKernel({ emit, int64s }: Emitter, { weight, kernel, attributes }: Convolution): string {
  const groups = attributes.group as number;
  const [out, o, kh, kw] = kernel;
  const [first, last, axes] = [int64s([-1, -1]), int64s([-kh - 1, -kw - 1]), int64s([2, 3])];
  const turned = emit("Slice", [weight, first, last, axes, int64s([-1, -1])]);
  const grouped = emit("Reshape", [turned, int64s([groups, o, out / groups, kh, kw])]);
  return emit("Reshape", [emit("Transpose", [grouped], { perm: [0, 2, 1, 3, 4] }), int64s(kernel)]);
}

const STRIDED_INPUT_GRADIENTS = { phases: phasedInputGradient, transposed: transposedInputGradient };

function inputGradient(emitter: Emitter, task: InputGradient): string {
  const { dy, weight, attributes, inputs: types } = task;
  const { stride, padding, dilation, groups, inputSize } = attributes;
  const key = algorithmKey("conv2dInputGradient", task);
  const [n, , dyH, dyW] = size4(types[0]);
  const [o, perGroup, kh, kw] = size4(types[1]);
  const reach: Pair = [dilation[0] * (kh - 1), dilation[1] * (kw - 1)];
  const dense = stride[0] === 1 && stride[1] === 1 && padding[0] <= reach[0] && padding[1] <= reach[1];
  if (!dense) {
    const order = ["phases", "transposed"] as const;
    return compute(emitter, { key, algorithms: STRIDED_INPUT_GRADIENTS, order }, task);
  }
  return convolve(emitter, key, {
    x: dy,
    xSize: [dyH, dyW],
    weight,
    turned: true,
    kernel: [perGroup * groups, o / groups, kh, kw],
    attributes: {
      kernel_shape: [kh, kw],
      strides: [1, 1],
      pads: bothSides([reach[0] - padding[0], reach[1] - padding[1]]),
      dilations: dilation,
      group: groups,
    },
    type: { shape: [n, perGroup * groups, ...inputSize], dtype: "float32" },
  });
}

/** The weight gradient as a convolution of x with dy in which batch and channels have changed places. */
function convolutionWeightGradient({ emit, int64s }: Emitter, task: WeightGradient): string {
  const { stride, padding, dilation, groups, kernel } = task.attributes;
  const { n, c, h, w, dyH, dyW } = sizesOf(task);
  const grouped = emit("Reshape", [task.x, int64s([n, groups, c / groups, h, w])]);
  const exchanged = emit("Transpose", [grouped], { perm: [2, 1, 0, 3, 4] });
  const image = emit("Reshape", [exchanged, int64s([c / groups, groups * n, h, w])]);
  const gradient = emit("Conv", [image, emit("Transpose", [task.dy], { perm: [1, 0, 2, 3] })], {
    kernel_shape: [dyH, dyW],
    strides: dilation,
    pads: bothSides(padding),
    dilations: stride,
    group: groups,
  });
  // where the stride leaves a rest of the image, the result has more positions than the kernel
  const cut = emit("Slice", [gradient, int64s([0, 0]), int64s(kernel), int64s([2, 3])]);
  return emit("Transpose", [cut], { perm: [1, 0, 2, 3] });
}

const WEIGHT_GRADIENTS = {
  pointwise: pointwiseWeightGradient,
  "blocked batch": blockedBatchGradient,
  "cached lines": cachedBatchGradient,
  "plain batch": plainBatchGradient,
  "turned batch": turnedBatchGradient,
  product: productWeightGradient,
  convolution: convolutionWeightGradient,
};

function weightGradient(emitter: Emitter, key: string, gradient: WeightGradient): string {
  if (1 < gradient.attributes.groups) return convolutionWeightGradient(emitter, gradient);
  const { c } = sizesOf(gradient);
  const order: (keyof typeof WEIGHT_GRADIENTS)[] = [
    "pointwise",
    "blocked batch",
    "cached lines",
    "plain batch",
    "turned batch",
  ];
  order.push(c < FEW_CHANNELS ? "convolution" : "product");
  return compute(emitter, { key, algorithms: WEIGHT_GRADIENTS, order }, gradient);
}

/** Convolution and its two gradients. */
export const convolution: KernelsFor<"conv2d" | "conv2dInputGradient" | "conv2dWeightGradient"> = {
  conv2d: (emitter, [x, weight, bias], { inputs, attributes, outputs: [type] }) => [
    convolve(emitter, algorithmKey("conv2d", { inputs, attributes }), {
      x,
      xSize: spatial(inputs[0]),
      weight,
      bias,
      kernel: size4(inputs[1]),
      attributes: {
        kernel_shape: inputs[1].shape.slice(2),
        strides: attributes.stride,
        pads: bothSides(attributes.padding),
        dilations: attributes.dilation,
        group: attributes.groups,
      },
      type,
    }),
  ],
  conv2dInputGradient: (emitter, [dy, weight], application) => [inputGradient(emitter, { dy, weight, ...application })],
  conv2dWeightGradient: (emitter, [x, dy], { inputs, attributes }) => [
    weightGradient(emitter, algorithmKey("conv2dWeightGradient", { inputs, attributes }), {
      x,
      dy,
      attributes,
      types: inputs,
    }),
  ],
};

/** The names of the algorithms of each op that has several. */
export const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  conv2d: Object.keys(CONVOLUTIONS),
  conv2dInputGradient: [...Object.keys(CONVOLUTIONS), ...Object.keys(STRIDED_INPUT_GRADIENTS)],
  conv2dWeightGradient: Object.keys(WEIGHT_GRADIENTS),
};
