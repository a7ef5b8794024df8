/** Programs whose variables are constants: the same results, and never those of contents that have changed since. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, openEngine, type VariableData } from "../../src/engines/index.ts";
import { defineProgram } from "../../src/graph/program.ts";
import { input, read, sizeOf, type Variable } from "../../src/graph/value.ts";
import {
  adaptiveAveragePool2d,
  add,
  averagePool2d,
  batchNorm2d,
  concat,
  conv2d,
  flatten,
  globalAveragePool,
  linear,
  type Module,
  maxPool2d,
  module,
  relu,
  sequential,
  tensorsOf,
} from "../../src/nn/index.ts";
import { scale } from "../../src/ops/index.ts";
import { rngFor } from "../../src/rng.ts";
import { inferenceProgram } from "../../src/training/programs.ts";
import { ALL_ENGINES } from "./engine-names.ts";

const unit = (from: number, to: number, stride = 1): Module =>
  sequential(conv2d(from, to, { kernel: 3, stride, padding: 1, bias: false }), batchNorm2d(to), relu);

const SIZE = [3, 3, 19, 19] as const;

/** Whatever ONNX Runtime can fold and join: normalisation before and after convolutions, relu, sums, pools, concatenations. */
const network = module(
  {
    stem: unit(3, 16, 2),
    left: unit(16, 16),
    mix: sequential(conv2d(16, 16, { kernel: 3, padding: 1 }), batchNorm2d(16)),
    before: batchNorm2d(48),
    narrow: conv2d(48, 20, { kernel: 1 }),
    grouped: conv2d(20, 20, { kernel: 3, padding: 1, groups: 4 }),
    fc: linear(20 * 4 + 16 * 9 + 20, 5),
  },
  (images, { stem, left, mix, before, narrow, grouped, fc }) => {
    const first = stem(images); // [N, 16, 10, 10]
    const second = relu(add([mix(left(first)), first]));
    const pooled = maxPool2d(second, { kernel: 3, stride: 2, padding: 1 }); // [N, 16, 5, 5]
    const mean = averagePool2d(first, { kernel: 2 });
    const ceiled = maxPool2d(first, { kernel: 3, stride: 2, ceilMode: true });
    const joined = relu(before(concat([pooled, mean, ceiled], { axis: 1 }))); // [N, 48, 5, 5]
    const last = relu(grouped(narrow(joined)));
    const parts = [adaptiveAveragePool2d(last, 2), adaptiveAveragePool2d(pooled, 3)].map((part) => flatten(part));
    return fc(concat([...parts, globalAveragePool(last)], { axis: 1 }));
  },
);

const program = inferenceProgram(network, { inputShape: SIZE.slice(1), batchSize: SIZE[0] });
const images = (() => {
  const rng = rngFor(0, "images");
  return Float32Array.from({ length: sizeOf(SIZE) }, () => rng.uniform(-1, 1));
})();

/** Contents with nothing that leaves a layer without effect: means, variances and biases of all sizes. */
function contents(seed: number): Map<string, VariableData> {
  return new Map(
    tensorsOf(network).map(({ name, spec: { shape } }) => {
      const rng = rngFor(seed, name);
      const [low, high] = name.endsWith("running_var") ? [0.5, 2] : [-0.4, 0.4];
      return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(low, high)) }];
    }),
  );
}

const variable: Variable = { name: "w", shape: [2], dtype: "float32" };
const content = (...data: number[]) => new Map([["w", { shape: [2], data: Float32Array.from(data) }]]);
const product = defineProgram({ name: "product", outputs: { y: scale(read(variable), { factor: 3 }) } });
const [x, sum] = [input("x", [2]), add([read(variable), input("x", [2])])];
const accumulate = defineProgram({ name: "accumulate", outputs: { sum }, updates: [{ variable, value: sum }] });
const stale = /program "product": variable "w" is a constant of it and has changed since: compile it again/;

describe.each(ALL_ENGINES)("constants on the %s engine", (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name, { threads: 2 });
  });
  afterAll(() => engine.close());

  /** Of the network with the given contents, on any engine. */
  const logitsOf = async (constants: "all" | ((variable: string) => boolean) | undefined, seed: number) => {
    await engine.write(contents(seed));
    const executable = await engine.compile(program, { constants });
    const { logits } = await executable.run({ images });
    await executable.close();
    return logits ?? new Float32Array();
  };

  test.each([1, 2])("a network gives the same, contents %i", async (seed) => {
    const judge = await openEngine("reference");
    await judge.write(contents(seed));
    const { logits: expected = [] } = await (await judge.compile(program)).run({ images });
    const greatest = Math.max(...expected.map(Math.abs));
    // fp32 with normalisation folded into weights, over sums of up to 150 products and six layers
    const tolerance = { rtol: 0, atol: 2e-6 * greatest };
    expect(await logitsOf(undefined, seed)).toBeAllclose(expected, tolerance);
    expect(await logitsOf("all", seed)).toBeAllclose(expected, tolerance);
    expect(await logitsOf((variable) => !variable.startsWith("left"), seed)).toBeAllclose(expected, tolerance);
    expect(await logitsOf((variable) => variable.startsWith("mix"), seed)).toBeAllclose(expected, tolerance);
  });

  test("have the content that variables have when it is their turn", async () => {
    const written = [engine.write(content(1, 2)), engine.write(content(3, 4))];
    const executable = await engine.compile(product, { constants: "all" });
    expect(await executable.run({})).toEqual({ y: Float32Array.of(9, 12) });
    expect(executable.stale).toBe(false);
    await Promise.all(written);
  });

  test("are refused once one was written, and no run that was asked for before is", async () => {
    await engine.write(content(1, 2));
    const executable = await engine.compile(product, { constants: (variable) => variable === "w" });
    const before = executable.run({});
    const write = engine.write(content(5, 6));
    expect(executable.stale).toBe(true);
    await expect(executable.run({})).rejects.toThrow(stale);
    expect(await before).toEqual({ y: Float32Array.of(3, 6) });
    await write;
    const again = await engine.compile(product, { constants: "all" });
    expect(await again.run({})).toEqual({ y: Float32Array.of(15, 18) });
  });

  test("are refused once another Program has updated one", async () => {
    await engine.write(content(1, 2));
    const adding = await engine.compile(accumulate);
    const [constant, variable] = [
      await engine.compile(product, { constants: "all" }),
      await engine.compile(product, { constants: () => false }),
    ];
    const run = adding.run({ x: Float32Array.of(1, 1) });
    expect([constant.stale, variable.stale]).toEqual([true, false]);
    await expect(constant.run({})).rejects.toThrow(stale);
    await run;
    expect(await variable.run({})).toEqual({ y: Float32Array.of(6, 9) });
  });

  test("may change where they are not constants of a Program", async () => {
    await engine.write(content(1, 2));
    const executable = await engine.compile(product, { constants: "all" });
    await engine.write(new Map([["other", { shape: [1], data: Float32Array.of(1) }]]));
    expect(await executable.run({})).toEqual({ y: Float32Array.of(3, 6) });
  });

  test("are zero where nobody has written them", async () => {
    const fresh: Variable = { name: "fresh", shape: [2], dtype: "float32" };
    const reader = defineProgram({ name: "reader", outputs: { y: add([read(fresh), x]) } });
    const executable = await engine.compile(reader, { constants: "all" });
    expect(await executable.run({ x: Float32Array.of(1, 2) })).toEqual({ y: Float32Array.of(1, 2) });
  });

  test("are not what a Program updates", async () => {
    const message = 'program "accumulate": variable "w" is updated, so it cannot be a constant';
    await expect(engine.compile(accumulate, { constants: "all" })).rejects.toThrow(message);
  });
});
