import { describe, expect, test } from "vitest";
import { rngFor } from "../rng.ts";
import {
  constantOf,
  fanIn,
  fanOut,
  type Initialiser,
  kaimingNormal,
  kaimingUniform,
  normalWith,
  pytorchDefault,
  uniformWithin,
} from "./initialisers.ts";

const KERNEL = [64, 32, 3, 3];
const draw = (initialise: Initialiser): Float32Array => initialise(KERNEL, rngFor(0, "test"));
const meanOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: Float32Array): number => {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

/** χ² of the counts in `bins` equal parts of [−bound, bound). */
function chiSquared(values: Float32Array, bound: number, bins: number): number {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.floor(((value + bound) / (2 * bound)) * bins)]! += 1;
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test.each([
  // torch.nn.init._calculate_fan_in_and_fan_out: the second dimension is already divided by the groups
  { of: "a linear layer", shape: [10, 1568], fans: [1568, 10] },
  { of: "a convolution", shape: [16, 3, 5, 5], fans: [75, 400] },
  { of: "a grouped convolution", shape: [32, 4, 3, 1], fans: [12, 96] },
  { of: "a depthwise convolution", shape: [32, 1, 3, 3], fans: [9, 288] },
])("fans of $of", ({ shape, fans }) => {
  expect([fanIn(shape), fanOut(shape)]).toEqual(fans);
});

test("a constant", () => {
  expect(constantOf(0.5)([2, 2], rngFor(0, ""))).toEqual(Float32Array.of(0.5, 0.5, 0.5, 0.5));
  expect(constantOf(3)([], rngFor(0, ""))).toEqual(Float32Array.of(3));
});

describe("uniform", () => {
  test.each([
    { name: "±0.25", initialise: uniformWithin(0.25), bound: 0.25 },
    // kaiming_uniform_(a=√5): √(6 / ((1 + 5)·fanIn))
    { name: "PyTorch's default", initialise: pytorchDefault(fanIn(KERNEL)), bound: 1 / Math.sqrt(32 * 9) },
    { name: "Kaiming by fan-in", initialise: kaimingUniform(fanIn), bound: Math.sqrt(6 / (32 * 9)) },
    { name: "Kaiming by fan-out", initialise: kaimingUniform(fanOut), bound: Math.sqrt(6 / (64 * 9)) },
  ])("$name: all of the range, evenly", ({ initialise, bound }) => {
    const values = draw(initialise);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest).toBeGreaterThan(0.999 * bound);
    // 19 degrees of freedom: beyond 43.8 in one case of a thousand
    expect(chiSquared(values, Math.fround(bound) * (1 + 1e-6), 20)).toBeLessThan(43.8);
  });
});

describe("normal", () => {
  test.each([
    { name: "0.1 ± 0.01", initialise: normalWith(0.1, 0.01), mean: 0.1, deviation: 0.01 },
    { name: "Kaiming by fan-in", initialise: kaimingNormal(fanIn), mean: 0, deviation: Math.sqrt(2 / (32 * 9)) },
    { name: "Kaiming by fan-out", initialise: kaimingNormal(fanOut), mean: 0, deviation: Math.sqrt(2 / (64 * 9)) },
  ])("$name", ({ initialise, mean, deviation }) => {
    const values = draw(initialise);
    const sigma = deviation / Math.sqrt(values.length); // of the mean; √½ of it that of the deviation
    expect(Math.abs(meanOf(values) - mean)).toBeLessThan(4 * sigma);
    expect(Math.abs(deviationOf(values) - deviation)).toBeLessThan(4 * Math.SQRT1_2 * sigma);
    for (const [within, share] of [
      [1, 0.6827],
      [2, 0.9545],
    ] as const) {
      const inside = values.filter((value) => Math.abs(value - mean) < within * deviation).length / values.length;
      expect(Math.abs(inside - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / values.length));
    }
  });
});

test("numbers come from the generator alone", () => {
  const drawn = (seed: number): Float32Array => kaimingNormal(fanIn)([4, 4, 3, 3], rngFor(seed, "test"));
  expect(drawn(0)).toEqual(drawn(0));
  expect(drawn(1)).not.toEqual(drawn(0));
});
