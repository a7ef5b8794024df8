import { describe, expect, test } from "vitest";
import { evaluateProgram } from "../engines/reference/evaluate.ts";
import type { HostTensor } from "../graph/define-op.ts";
import { gradientsOf } from "../graph/gradients.ts";
import { defineProgram } from "../graph/program.ts";
import { input, type Node, sizeOf, type Value } from "../graph/value.ts";
import { add, maxPool, multiply, relu, sum } from "../ops/index.ts";
import { rngFor } from "../rng.ts";
import { adaptiveAveragePool2d, averagePool2d, globalAveragePool, type MaxPoolOptions, maxPool2d } from "./pooling.ts";

const x = input("x", [2, 3, 9, 8]);
const nodeOf = (value: Value | undefined): Node => {
  if (value?.source.kind !== "node") throw new Error("not a node");
  return value.source.node;
};

describe("options", () => {
  test("the stride is the kernel's size by default", () => {
    expect(nodeOf(maxPool2d(x, { kernel: [3, 2] })).attributes).toEqual({
      kernel: [3, 2],
      stride: [3, 2],
      padding: [0, 0],
      dilation: [1, 1],
      ceilMode: false,
    });
  });

  test("all options arrive", () => {
    const window = { kernel: 3, stride: [2, 1], padding: 1, ceilMode: true } as const;
    const expected = { kernel: [3, 3], stride: [2, 1], padding: [1, 1], ceilMode: true };
    expect(nodeOf(maxPool2d(x, { ...window, dilation: [1, 2] })).attributes).toEqual({ ...expected, dilation: [1, 2] });
    const averaged = nodeOf(averagePool2d(x, { ...window, countIncludePad: false }));
    expect(averaged.attributes).toEqual({ ...expected, countIncludePad: false });
    expect(nodeOf(averagePool2d(x, window)).attributes).toMatchObject({ countIncludePad: true });
  });

  test("adaptive pools give the size that they are told", () => {
    expect(adaptiveAveragePool2d(x, 6).shape).toEqual([2, 3, 6, 6]);
    expect(adaptiveAveragePool2d(x, [2, 5]).shape).toEqual([2, 3, 2, 5]);
    expect(globalAveragePool(x).shape).toEqual([2, 3]);
  });
});

describe("a max pool of a relu is a relu of a max pool", () => {
  /** Values and gradient of Σ pooled·seed, of small integers: ties and windows without a positive element are frequent. */
  function evaluate(pool: (relued: Value) => Value): Readonly<Record<string, HostTensor>> {
    const y = pool(relu(x));
    const loss = sum(multiply(y, input("seed", y.shape)), { axes: [0, 1, 2, 3] });
    const [dx] = gradientsOf(loss, [x], (values) => add(values));
    const integers = (shape: readonly number[], name: string): HostTensor => {
      const rng = rngFor(3, name);
      return { shape, data: Float64Array.from({ length: sizeOf(shape) }, () => rng.integer(-3, 1)) };
    };
    const feeds = { x: integers(x.shape, "x"), seed: integers(y.shape, "seed") };
    const program = defineProgram({ name: "pool", outputs: { y, dx: dx as Value } });
    return evaluateProgram(program, feeds, new Map()).outputs;
  }

  const windows: readonly MaxPoolOptions[] = [
    { kernel: 2 },
    { kernel: 3, stride: 2, padding: 1 },
    { kernel: 3, stride: 2, ceilMode: true },
    { kernel: [1, 3], stride: 1 },
    { kernel: 2, stride: 1, dilation: [2, 3] },
  ];
  test.each(windows.map((options) => ({ options, title: JSON.stringify(options) })))("$title", ({ options }) => {
    const { attributes } = nodeOf(maxPool2d(x, options));
    const exchanged = evaluate((y) => maxPool2d(y, options));
    const plain = evaluate((y) => maxPool(y, attributes as Parameters<typeof maxPool>[1])[0]);
    expect(exchanged).toEqual(plain);
    expect(plain.dx?.data.some((value) => value !== 0)).toBe(true);
  });

  test("the relu comes last, and one that others read stays as well", () => {
    const y = relu(x);
    const pooled = nodeOf(maxPool2d(y, { kernel: 2 }));
    expect(pooled.op).toBe("relu");
    expect(nodeOf(pooled.inputs[0])).toMatchObject({ op: "maxPool", inputs: [x] });
    const both = evaluate((value) => add([maxPool2d(value, { kernel: 3, stride: 1, padding: 1 }), value]));
    const padded = { kernel: [3, 3], stride: [1, 1], padding: [1, 1] } as const;
    expect(both).toEqual(evaluate((value) => add([maxPool(value, padded)[0], value])));
  });
});
