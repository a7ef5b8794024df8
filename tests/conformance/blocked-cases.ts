/** What the tests of blocked images share, and the cases of sums and normalisation. */
import { constant, type Shape, type Value } from "../../src/graph/value.ts";
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

/** Normalisation, whose results are rounded. */
export const NORMALISATIONS: readonly BlockedCase[] = [
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
