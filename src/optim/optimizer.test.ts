import { describe, expect, test } from "vitest";
import { input, type Value } from "../graph/value.ts";
import { adam, adamw, OPTIMIZER_NAMES, type Optimizer, sgd } from "./optimizer.ts";

// the numbers of whole steps are in tests/conformance/optimizers.test.ts

const DEFAULTS: readonly Optimizer[] = [sgd(), adam(), adamw()];

test("each optimizer has its name and PyTorch's settings by default", () => {
  expect(DEFAULTS.map(({ name }) => name)).toEqual(OPTIMIZER_NAMES);
  expect(DEFAULTS.map(({ learningRate }) => learningRate)).toEqual([1e-3, 1e-3, 1e-3]);
  expect(DEFAULTS.map(({ settings }) => settings)).toEqual([
    { momentum: 0, dampening: 0, weight_decay: 0, nesterov: false },
    { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0 },
    { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 },
  ]);
});

test("what is kept of each parameter", () => {
  expect(sgd().slots).toEqual([]);
  expect(sgd({ momentum: 0.9 }).slots).toEqual(["momentum_buffer"]);
  expect([adam().slots, adamw().slots]).toEqual(Array(2).fill(["exp_avg", "exp_avg_sq"]));
});

describe("scalars of a step", () => {
  test("the first step of sgd takes the whole gradient into its momentum, later ones 1 − dampening of it", () => {
    const { scalarsAt } = sgd({ momentum: 0.9, dampening: 0.3 });
    expect(scalarsAt(1, 0.5)).toEqual({ learningRate: 0.5, gradientShare: 1 });
    expect(scalarsAt(2, 0.25)).toEqual({ learningRate: 0.25, gradientShare: 0.7 });
    expect(sgd({ momentum: 0.9 }).scalarsAt(1, 0.5)).toEqual({ learningRate: 0.5 });
  });

  test("adam's corrections are 1 − βᵗ, also when steps are many", () => {
    const { scalarsAt } = adam({ betas: [0.8, 0.95] });
    expect(scalarsAt(2, 0.1)).toEqual({
      learningRate: 0.1,
      biasCorrection1: 1 - 0.8 ** 2,
      biasCorrection2Root: Math.sqrt(1 - 0.95 ** 2),
    });
    expect(scalarsAt(1e9, 0.1)).toEqual({ learningRate: 0.1, biasCorrection1: 1, biasCorrection2Root: 1 });
  });

  test("they are what the step asks for", () => {
    for (const optimizer of DEFAULTS) {
      expect(Object.keys(optimizer.scalarsAt(1, 0.1)), optimizer.name).toEqual(optimizer.scalars);
      const scalars = Object.fromEntries(optimizer.scalars.map((name) => [name, input(name, [])]));
      const state = { scalars, slots: optimizer.slots.map((slot) => input(slot, [3])) };
      const { parameter, slots } = optimizer.step(input("p", [3]), input("g", [3]), state);
      expect([parameter, ...slots].map(({ shape }: Value) => shape)).toEqual(Array(slots.length + 1).fill([3]));
      expect(slots).toHaveLength(optimizer.slots.length);
      const without = () => optimizer.step(input("p", [3]), input("g", [3]), { ...state, scalars: {} });
      expect(without).toThrow(`optimizer: scalars ${optimizer.scalars.join(", ")} are missing`);
    }
  });
});

test.each([{}, { momentum: 0.9, dampening: 0.1 }])("nesterov needs momentum and no dampening: %o", (options) => {
  expect(() => sgd({ ...options, nesterov: true })).toThrow("sgd: nesterov needs momentum and no dampening");
});
