/** What the tests of blocked images share, and the cases of sums and normalisation. */
import { constant, type Shape, type Value } from "../../src/graph/value.ts";
import { averagePool2d, maxPool2d } from "../../src/nn/index.ts";
import type { NodeRecord } from "../../src/onnx/model.ts";
import { add, batchNormInference, batchNormTraining, concat, conv2d, relu, slice } from "../../src/ops/index.ts";

/** Inputs beside the image. */
export type Parameters = readonly [Value, Value, Value, Value];

/** A network on blocked images. */
export interface BlockedCase {
  readonly name: string;
  readonly image: Shape;
  /** Shapes of kernels and biases. */
  readonly parameters: readonly Shape[];
  readonly build: (x: Value, parameters: Parameters) => Value;
  /** Holds of the nodes for blocks of 16 channels if they are what the case is about. */
  readonly takes?: (nodes: readonly NodeRecord[]) => boolean;
}

/** Nodes of a type. */
export const count = (nodes: readonly NodeRecord[], opType: string, domain = ""): number =>
  nodes.filter((node) => node.opType === opType && node.domain === domain).length;
/** The domain of ops on blocked images. */
const BLOCKED = "com.microsoft.nchwc";
/** Convolutions in the blocked layout. */
export const blockedConvolutions = (nodes: readonly NodeRecord[]): readonly NodeRecord[] =>
  nodes.filter((node) => node.opType === "Conv" && node.domain !== "");

/** One pixel on all sides. */
export const padded = { padding: [1, 1] } as const;

/** Sums, with exact results. */
export const SUMS: readonly BlockedCase[] = [
  {
    name: "a residual sum",
    image: [2, 16, 4, 4],
    parameters: [
      [16, 16, 3, 3],
      [16, 16, 3, 3],
    ],
    build: (x, [first, second]) => {
      const y = relu(conv2d(x, first, undefined, padded));
      return relu(add([y, conv2d(y, second, undefined, padded)]));
    },
  },
  {
    name: "a bias without a pool",
    image: [2, 16, 4, 5],
    parameters: [[32, 16, 3, 3], [32]],
    build: (x, [weight, bias]) => relu(conv2d(x, weight, bias, padded)),
  },
  {
    name: "a plain image added to and joined with a blocked one",
    image: [2, 16, 5, 6],
    parameters: [[16, 16, 3, 3]],
    build: (x, [weight]) => {
      const y = conv2d(x, weight, undefined, padded);
      return relu(concat([add([x, y]), maxPool2d(y, { kernel: 3, stride: 1, padding: 1 })], { axis: 1 }));
    },
    // the result was computed in blocks
    takes: (nodes) => nodes.some(({ opType, inputs }) => opType === "ReorderOutput" && inputs[0]?.startsWith("Relu")),
  },
];

const STATISTICS = { mean: new Float32Array(16), variance: new Float32Array(16).fill(1) };

/** x normalised by the batch, or by given statistics. */
const normalised = (x: Value, [, weight, bias]: Parameters, given = false): Value => {
  const [mean, variance] = [STATISTICS.mean, STATISTICS.variance].map((data) => constant(data, [16])) as [Value, Value];
  return given
    ? batchNormInference(x, weight, bias, mean, variance)
    : batchNormTraining(x, weight, bias, mean, variance)[0];
};
const NORMALISED: readonly Shape[] = [[16, 16, 3, 3], [16], [16]];
const alongWith = (nodes: readonly NodeRecord[]): string[] =>
  blockedConvolutions(nodes)
    .filter(({ attributes }) => attributes.group === 16)
    .map(({ inputs, attributes }) => `${inputs.length === 4 ? "sum" : ""}${attributes.activation ?? ""}`);

/** Normalisation and means, whose results are rounded. */
export const ROUNDED: readonly BlockedCase[] = [
  {
    name: "means of windows, whose gradient is one of them too",
    image: [2, 16, 5, 6],
    parameters: [[16, 16, 3, 3]],
    build: (x, [weight]) => {
      const mean = averagePool2d(conv2d(x, weight, undefined, padded), { kernel: 3, stride: 1, padding: 1 });
      return conv2d(mean, weight, undefined, padded);
    },
    takes: (nodes) => count(nodes, "AveragePool", BLOCKED) === 2,
  },
  {
    name: "means of windows at a distance, without what is beyond the edge",
    image: [2, 16, 5, 6],
    parameters: [[16, 16, 3, 3]],
    build: (x, [weight]) => {
      const y = conv2d(x, weight, undefined, padded);
      return averagePool2d(y, { kernel: 3, stride: 2, padding: 1, countIncludePad: false });
    },
    takes: (nodes) => count(nodes, "AveragePool", BLOCKED) === 1,
  },
  {
    name: "normalised by the batch, relu along",
    image: [3, 16, 4, 5],
    parameters: NORMALISED,
    build: (x, parameters) => relu(normalised(conv2d(x, parameters[0], undefined, padded), parameters)),
    takes: (nodes) => alongWith(nodes).includes("Relu") && count(nodes, "Relu") === 0,
  },
  {
    name: "normalised by the batch, sum and relu along",
    image: [3, 16, 4, 5],
    parameters: NORMALISED,
    build: (x, parameters) => {
      const y = relu(conv2d(x, parameters[0], undefined, padded));
      return relu(add([normalised(conv2d(y, parameters[0], undefined, padded), parameters), y]));
    },
    takes: (nodes) => alongWith(nodes).includes("sumRelu"),
  },
  {
    name: "a plain image normalised by the batch, then joined and cut",
    image: [3, 16, 4, 5],
    parameters: NORMALISED,
    build: (x, parameters) => {
      const y = concat([normalised(x, parameters), conv2d(x, parameters[0], undefined, padded)], { axis: 1 });
      return relu(slice(y, { axis: 1, start: 8, end: 32 }));
    },
  },
  {
    name: "normalised by given statistics, relu along",
    image: [3, 16, 4, 5],
    parameters: NORMALISED,
    build: (x, parameters) => relu(normalised(conv2d(x, parameters[0], undefined, padded), parameters, true)),
    takes: (nodes) => alongWith(nodes).includes("Relu") && count(nodes, "BatchNormalization") === 0,
  },
];
