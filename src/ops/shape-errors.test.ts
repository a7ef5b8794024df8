import { expect, test } from "vitest";
import { ShapeError } from "../graph/define-op.ts";
import { type DataType, input, read, type Shape, type Value } from "../graph/value.ts";
import {
  adamStep,
  adaptiveAveragePool,
  add,
  averagePool,
  averagePoolGradient,
  batchNormInference,
  batchNormTraining,
  broadcastTo,
  channelAffine,
  concat,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  dropoutMask,
  linear,
  matmul,
  maxPool,
  maxPoolGradient,
  multiply,
  pad,
  relu,
  reluGradient,
  reshape,
  sgdStep,
  slice,
  softmax,
  softmaxCrossEntropy,
  sum,
  transpose,
} from "./index.ts";

const of = (...shape: Shape): Value => input("any", shape);
const typed = (shape: Shape, dtype: DataType): Value => input("any", shape, dtype);
const labels = (size: number): Value => typed([size], "int32");
const image = of(8, 4, 28, 28);
const vector = of(4);

/** What is called, and the message of the error it must throw. */
const MISTAKES: readonly [() => unknown, string][] = [
  [
    () => conv2d(image, of(16, 3, 5, 5), undefined),
    "conv2d: weight must have 4 input channels; got x [8, 4, 28, 28], weight [16, 3, 5, 5]",
  ],
  [() => conv2d(of(8, 4), of(1, 4, 3, 3), undefined), "conv2d: x must have 4 dimensions; got x [8, 4]"],
  [
    () => conv2d(image, of(16, 4, 3, 3), of(8)),
    "conv2d: bias must have shape [16]; got weight [16, 4, 3, 3], bias [8]",
  ],
  [
    () => conv2d(image, of(16, 2, 3, 3), undefined, { groups: 3 }),
    "conv2d: groups 3 must divide the channels, 4 in and 16 out; got x [8, 4, 28, 28], weight [16, 2, 3, 3]",
  ],
  ...[-1, 0, 0.5, 1.5].map((groups): [() => unknown, string] => [
    () => conv2d(of(1, 3, 5, 5), of(3, 3 / groups, 3, 3), undefined, { groups }),
    `conv2d: groups ${groups} must divide the channels, 3 in and 3 out; got x [1, 3, 5, 5], weight [3, ${3 / groups}, 3, 3]`,
  ]),
  [
    () => conv2d(of(1, 4, 2, 9), of(2, 4, 3, 3), undefined),
    "conv2d: the kernel [3, 3] must fit into the padded image; got x [1, 4, 2, 9], weight [2, 4, 3, 3]",
  ],
  [
    () => conv2d(image, of(2, 4, 3, 3), undefined, { stride: [0, 1] }),
    "conv2d: stride [0, 1] must be two integers of at least 1; got x [8, 4, 28, 28], weight [2, 4, 3, 3]",
  ],
  [
    () => conv2d(image, of(2, 4, 3, 3), undefined, { padding: [0.5, 0] }),
    "conv2d: padding [0.5, 0] must be two integers of at least 0; got x [8, 4, 28, 28], weight [2, 4, 3, 3]",
  ],
  [
    () => conv2dInputGradient(of(1, 2, 3, 3), of(2, 4, 3, 3)),
    "conv2dInputGradient: inputSize [0, 0] must be two integers of at least 1; got dy [1, 2, 3, 3], weight [2, 4, 3, 3]",
  ],
  [
    () => conv2dWeightGradient(image, of(8, 2, 3, 3), { kernel: [3, 3] }),
    "conv2dWeightGradient: dy must have spatial size [26, 26]; got x [8, 4, 28, 28], dy [8, 2, 3, 3]",
  ],
  [() => linear(of(2, 3), of(5, 4), undefined), "linear: weight must have 3 columns; got x [2, 3], weight [5, 4]"],
  [() => matmul(of(2, 3), of(2, 3)), "matmul: b must have 3 rows; got a [2, 3], b [2, 3]"],
  [() => relu(labels(3)), "relu: x must be float32, not int32; got x [3] int32"],
  [() => reluGradient(of(2, 3), of(3, 2)), "reluGradient: y, dy must have one shape; got y [2, 3], dy [3, 2]"],
  [
    () => batchNormTraining(of(1, 4), vector, vector, vector, vector),
    "batchNormTraining: x must have more than one value per channel; got x [1, 4]",
  ],
  [
    () => batchNormInference(of(2, 3, 2, 2), vector, vector, vector, vector),
    "batchNormInference: weight must have shape [3]; got x [2, 3, 2, 2], weight [4]",
  ],
  [
    () => batchNormInference(of(2, 4, 2), vector, vector, vector, vector),
    "batchNormInference: x must have 2 or 4 dimensions; got x [2, 4, 2]",
  ],
  [
    () => maxPool(image, { kernel: [3, 3], padding: [2, 0] }),
    "maxPool: padding [2, 0] must be at most half of kernel [3, 3]; got x [8, 4, 28, 28]",
  ],
  [() => maxPool(of(1, 1, 1, 4)), "maxPool: kernel [2, 2] must fit into the padded image; got x [1, 1, 1, 4]"],
  [
    () => maxPoolGradient(image, of(8, 4, 14, 14), of(8, 4, 14, 14), of(8, 4, 14, 14)),
    "maxPoolGradient: workspace must be opaque, not float32; got workspace [8, 4, 14, 14]",
  ],
  [() => averagePool(of(4, 28, 28)), "averagePool: x must have 4 dimensions; got x [4, 28, 28]"],
  [
    () => averagePoolGradient(of(1, 1, 2, 2), { inputSize: [8, 8] }),
    "averagePoolGradient: dy must have shape [1, 1, 4, 4]; got dy [1, 1, 2, 2]",
  ],
  [
    () => adaptiveAveragePool(image, { outputSize: [0, 6] }),
    "adaptiveAveragePool: outputSize [0, 6] must be two integers of at least 1; got x [8, 4, 28, 28]",
  ],
  [() => reshape(of(2, 3), { shape: [4, -1] }), "reshape: shape [4, -1] must hold 6 elements; got x [2, 3]"],
  [() => reshape(of(2, 3), { shape: [-1, -1] }), "reshape: shape [-1, -1] must hold 6 elements; got x [2, 3]"],
  [
    () => transpose(of(2, 3), { permutation: [0] }),
    "transpose: permutation [0] must name each of the 2 axes; got x [2, 3]",
  ],
  [
    () => transpose(of(2, 3), { permutation: [1, 1] }),
    "transpose: axes [1, 1] must be distinct and in 0..1; got x [2, 3]",
  ],
  [
    () => concat([of(2, 3, 4), of(2, 5, 3)]),
    "concat: the operands must have one shape apart from axis 1; got xs[0] [2, 3, 4], xs[1] [2, 5, 3]",
  ],
  [
    () => slice(of(2, 3), { axis: 1, start: 1, end: 4 }),
    "slice: start 1 and end 4 must be a range inside 0..3 of axis 1; got x [2, 3]",
  ],
  [() => slice(of(2), { axis: 1, end: 1 }), "slice: axes [1] must be distinct and in 0..0; got x [2]"],
  [() => pad(of(2), { before: -1 }), "pad: before -1 and after 0 must be integers of at least 0; got x [2]"],
  [
    () => add([of(2, 3), of(2, 1), of(2)]),
    "add: the operands must broadcast to one shape; got xs[0] [2, 3], xs[1] [2, 1], xs[2] [2]",
  ],
  [() => multiply(of(2, 3), of(4)), "multiply: the operands must broadcast to one shape; got a [2, 3], b [4]"],
  [() => sum(of(2, 3)), "sum: axes must name at least one axis; got x [2, 3]"],
  [() => sum(of(2, 3), { axes: [2] }), "sum: axes [2] must be distinct and in 0..1; got x [2, 3]"],
  [() => broadcastTo(of(2, 3), { shape: [2, 1] }), "broadcastTo: x must broadcast to [2, 1]; got x [2, 3]"],
  [() => broadcastTo(of(2, 3), { shape: [4] }), "broadcastTo: x must broadcast to [4]; got x [2, 3]"],
  [
    () => channelAffine(image, vector, of(3)),
    "channelAffine: shift must have shape [4]; got x [8, 4, 28, 28], shift [3]",
  ],
  [() => softmax(vector), "softmax: x must have 2 dimensions; got x [4]"],
  [
    () => softmaxCrossEntropy(of(8, 10), labels(7), undefined),
    "softmaxCrossEntropy: labels must have shape [8]; got logits [8, 10], labels [7] int32",
  ],
  [
    () => softmaxCrossEntropy(of(8, 10), of(8), undefined),
    "softmaxCrossEntropy: labels must be int32, not float32; got labels [8]",
  ],
  [
    () => softmaxCrossEntropy(of(8, 10), labels(8), undefined, { labelSmoothing: 1.5 }),
    "softmaxCrossEntropy: labelSmoothing 1.5 must be in 0..1; got logits [8, 10]",
  ],
  [
    () => dropoutMask(read({ name: "key", shape: [4], dtype: "int32" }), { shape: [2] }),
    "dropoutMask: key must be an input of the Program; got key [4] int32",
  ],
  [() => dropoutMask(labels(4), { rate: 1.1 }), "dropoutMask: rate 1.1 must be in 0..1; got key [4] int32"],
  [
    () => sgdStep(of(2, 3), of(3, 2), undefined, of(), of()),
    "sgdStep: parameter, gradient, momentumBuffer must have one shape; got parameter [2, 3], gradient [3, 2]",
  ],
  [
    () => adamStep(vector, vector, vector, vector, of(1), of(), of()),
    "adamStep: learningRate must be a scalar; got learningRate [1]",
  ],
];

test.each(MISTAKES.map(([call, message]) => ({ call, message })))("$message", ({ call, message }) => {
  expect(call).toThrow(new ShapeError(message));
});
