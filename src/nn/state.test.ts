import { expect, test } from "vitest";
import { relu } from "../ops/index.ts";
import { batchNorm2d, conv2d, linear } from "./layers.ts";
import { module, sequential } from "./module.ts";
import { initialState, parameterCount } from "./state.ts";
import { tensorsOf } from "./trace.ts";

const network = (classes: number) =>
  module(
    {
      conv: conv2d(8, 16, { kernel: [3, 2], groups: 4 }),
      bn: batchNorm2d(16),
      head: sequential(linear(16, 32), relu, linear(32, classes, { bias: false })),
    },
    (x) => x,
  );
const largest = (values: Float32Array | undefined): number =>
  values?.reduce((most, value) => Math.max(most, Math.abs(value)), 0) ?? Number.NaN;
const dataOf = (state: ReturnType<typeof initialState>, name: string): Float32Array => {
  const found = state.get(name);
  if (!found) throw new Error(`no ${name}`);
  return found.data;
};

test("all tensors have contents of their shape, in the order of the state dict", () => {
  const state = initialState(network(3), 0);
  const expected = tensorsOf(network(3)).map(({ name, spec }) => [name, spec.shape]);
  expect([...state].map(([name, { shape }]) => [name, shape])).toEqual(expected);
  for (const { shape, data } of state.values())
    expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
});

test.each([
  // PyTorch's default of weight and bias alike: 1/√fan-in, with the channels of one group
  { layer: "conv", bound: 1 / Math.sqrt((8 / 4) * 3 * 2) },
  { layer: "head.0", bound: 1 / Math.sqrt(16) },
])("weight and bias of $layer are within ±$bound, and fill that range", ({ layer, bound }) => {
  const state = initialState(network(3), 0);
  for (const name of [`${layer}.weight`, `${layer}.bias`]) {
    expect(largest(dataOf(state, name)), name).toBeLessThanOrEqual(bound);
    expect(largest(dataOf(state, name)), name).toBeGreaterThan(0.8 * bound);
  }
});

test("batch normalisation begins as the identity, with nothing seen", () => {
  const state = initialState(batchNorm2d(3), 0);
  expect([...state].map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
    ["weight", [3], [1, 1, 1]],
    ["bias", [3], [0, 0, 0]],
    ["running_mean", [3], [0, 0, 0]],
    ["running_var", [3], [1, 1, 1]],
    ["num_batches_tracked", [], [0]],
  ]);
});

test("a tensor depends on the seed and on its own name, on nothing else", () => {
  const state = initialState(network(3), 5);
  expect(initialState(network(3), 5)).toEqual(state);
  const wider = initialState(network(7), 5); // another head, the rest as before
  const alone = initialState(
    module({ conv: conv2d(8, 16, { kernel: [3, 2], groups: 4 }) }, (x) => x),
    5,
  );
  for (const name of ["conv.weight", "conv.bias"]) {
    expect(dataOf(wider, name)).toEqual(dataOf(state, name));
    expect(dataOf(alone, name)).toEqual(dataOf(state, name));
    expect(dataOf(initialState(network(3), 6), name)).not.toEqual(dataOf(state, name));
  }
  const renamed = initialState(
    module({ other: conv2d(8, 16, { kernel: [3, 2], groups: 4 }) }, (x) => x),
    5,
  );
  expect(dataOf(renamed, "other.weight")).not.toEqual(dataOf(state, "conv.weight"));
  expect(dataOf(state, "conv.weight").subarray(0, 16)).not.toEqual(dataOf(state, "conv.bias"));
});

test("a layer takes initialisers of its own", () => {
  const half = () => Float32Array.of(0.5, 0.5);
  const state = initialState(linear(1, 2, { initialiseWeight: half, initialiseBias: half }), 0);
  expect([...state.values()].map(({ data }) => [...data])).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
});

test("parameters are counted, buffers are not", () => {
  // 16·2·3·2 + 16, 2·16, 32·16 + 32, 3·32
  expect(parameterCount(network(3))).toBe(192 + 16 + 32 + 544 + 96);
  expect(parameterCount(batchNorm2d(64))).toBe(128);
});
