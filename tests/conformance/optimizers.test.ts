/** Optimizers through whole training Programs on each engine. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Engine, openEngine } from "../../src/engines/index.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram, type Program, type Update } from "../../src/graph/program.ts";
import { input, read, type Shape, type Value, type Variable } from "../../src/graph/value.ts";
import { add, linear, mean, multiply, scale, sigmoid, subtract } from "../../src/ops/index.ts";
import { type AdamOptions, adam, adamw, type Optimizer, type SgdOptions, sgd } from "../../src/optim/optimizer.ts";
import { ALL_ENGINES, THREAD_ENGINES } from "./engine-names.ts";

interface Stored {
  readonly shape: Shape;
  readonly data: readonly number[];
}
interface GoldenCase {
  readonly name: "sgd" | "adam" | "adamw";
  readonly options: SgdOptions & AdamOptions;
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  readonly after: readonly Readonly<Record<string, readonly number[]>>[];
  readonly slots: Readonly<Record<string, Stored>>;
}
interface Fixture {
  readonly x: Stored;
  readonly target: Stored;
  readonly start: Readonly<Record<string, Stored>>;
  readonly cases: readonly GoldenCase[];
}

const path = new URL("../../tools/golden/optimizers.json", import.meta.url);
const golden = JSON.parse(readFileSync(path, "utf8")) as Fixture;

/** A Program of one step of each variable; the loss is a function of the variables' values. */
function stepProgram(
  optimizer: Optimizer,
  variables: readonly Variable[],
  lossOf: (...values: Value[]) => Value,
): Program {
  const values = variables.map(read);
  const loss = lossOf(...values);
  const gradients = gradientsOf(loss, values, (parts) => add(parts));
  const scalars = Object.fromEntries(optimizer.scalars.map((name) => [name, input(name, [])]));
  const updates = variables.flatMap((variable, index): Update[] => {
    const slots = optimizer.slots.map((slot): Variable => ({ ...variable, name: `${variable.name}.${slot}` }));
    const state = { slots: slots.map(read), scalars };
    const stepped = optimizer.step(values[index] as Value, gradients[index] as Value, state);
    const kept = stepped.slots.map((value, slot) => ({ variable: slots[slot] as Variable, value }));
    return [{ variable, value: stepped.parameter }, ...kept];
  });
  return defineProgram({ name: optimizer.name, outputs: { loss }, updates });
}

const scalarFeeds = (optimizer: Optimizer, step: number, rate: number): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(optimizer.scalarsAt(step, rate)).map(([name, value]) => [name, Float32Array.of(value)]),
  );

const write = (engine: Engine, values: Readonly<Record<string, Stored>>): Promise<void> =>
  engine.write(
    new Map(Object.entries(values).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }])),
  );

const lossOf = (weight: Value, bias: Value, out: Value): Value => {
  const hidden = sigmoid(linear(input("x", golden.x.shape), weight, bias));
  const error = subtract(linear(hidden, out, undefined), input("target", golden.target.shape));
  return mean(multiply(error, error), { axes: [0, 1] });
};

// the learning rates are rounded to float32, so is what is read; the others compute in float32, and Adam's quotient of moments
// keeps only their relative digits
describe.each(ALL_ENGINES)("the %s engine", async (engineName) => {
  const tolerance = engineName === "reference" ? { rtol: 2e-7, atol: 1e-7 } : { rtol: 1e-5, atol: 1e-6 };
  const engine = await openEngine(engineName, { threads: 1 });
  afterAll(() => engine.close());

  const cases = golden.cases.map((entry) => ({ ...entry, title: `${entry.name} ${JSON.stringify(entry.options)}` }));
  test.each(cases)("$title: losses, parameters and slots are PyTorch's", async ({ name, options, ...expected }) => {
    const optimizer = { sgd, adam, adamw }[name](options);
    expect(optimizer.learningRate).toBe(expected.rates[0]);
    const variables = Object.entries(golden.start).map(
      ([key, { shape }]): Variable => ({ name: key, shape, dtype: "float32" }),
    );
    const executable = await engine.compile(stepProgram(optimizer, variables, lossOf));
    await write(engine, golden.start);
    await write(engine, zerosLike(expected.slots));
    for (const [step, rate] of expected.rates.entries()) {
      const data = { x: Float32Array.from(golden.x.data), target: Float32Array.from(golden.target.data) };
      const { loss = [] } = await executable.run({ ...data, ...scalarFeeds(optimizer, step + 1, rate) });
      expect(loss, `loss of step ${step}`).toBeAllclose([expected.losses[step] ?? Number.NaN], tolerance);
      for (const [key, { data: content }] of await engine.read(Object.keys(golden.start)))
        expect(content, `${key} after step ${step}`).toBeAllclose(expected.after[step]?.[key] ?? [], tolerance);
    }
    for (const [key, { data }] of await engine.read(Object.keys(expected.slots)))
      expect(data, key).toBeAllclose(expected.slots[key]?.data ?? [], tolerance);
  });

  const point = { name: "point", shape: [], dtype: "float32" } as const;
  test.each([
    // the gradient of 2p is 2: buffers 2, 3.8, 5.42
    { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), slope: "constant", steps: [0.8, 0.42, -0.122] },
    // p² with a rate of 0.1, PyTorch's figures
    { optimizer: adam({ learningRate: 0.1 }), slope: "linear", steps: [0.9, 0.8004122, 0.7015863] },
  ])("$optimizer.name walks $steps", async ({ optimizer, slope, steps }) => {
    const loss = (p: Value): Value => (slope === "linear" ? multiply(p, p) : scale(p, { factor: 2 }));
    const executable = await engine.compile(stepProgram(optimizer, [point], loss));
    const slots = optimizer.slots.map((slot) => [`point.${slot}`, { shape: [], data: [0] }]);
    await write(engine, { point: { shape: [], data: [1] }, ...Object.fromEntries(slots) });
    for (const [index, expected] of steps.entries()) {
      await executable.run(scalarFeeds(optimizer, index + 1, 0.1));
      const point = (await engine.read(["point"])).get("point");
      expect(point?.data ?? [], `step ${index + 1}`).toBeAllclose([expected], { rtol: 1e-6, atol: 1e-7 });
    }
  });
});

const zerosLike = (tensors: Readonly<Record<string, Stored>>): Readonly<Record<string, Stored>> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]),
  );

// engines may go another way for large tensors than for the small ones above
const LARGE = 20_000;
const SGD_CASES: readonly SgdOptions[] = [
  {},
  { weightDecay: 0.1 },
  { momentum: 0.9 },
  { momentum: 0.9, weightDecay: 0.1 },
  { momentum: 0.9, dampening: 0.5, weightDecay: 0.1 },
  { momentum: 0.9, nesterov: true },
];

describe.each(THREAD_ENGINES)("large tensors on the %s engine", async (engineName) => {
  const engine = await openEngine(engineName, { threads: 2 });
  const judge = await openEngine("reference");
  afterAll(() => Promise.all([engine.close(), judge.close()]));

  test.each(SGD_CASES)("sgd %j", async (options) => {
    const optimizer = sgd(options);
    const weight: Variable = { name: `weight ${JSON.stringify(options)}`, shape: [LARGE], dtype: "float32" };
    const program = stepProgram(optimizer, [weight], (value) => mean(multiply(value, value), { axes: [0] }));
    const data = Array.from({ length: LARGE }, (_, index) => LARGE * Math.sin(index)); // so that gradients are not tiny
    const results = await Promise.all(
      [engine, judge].map(async (one) => {
        const executable = await one.compile(program);
        await write(one, { [weight.name]: { shape: [LARGE], data } });
        for (let step = 1; step <= 3; step++) await executable.run(scalarFeeds(optimizer, step, 0.1));
        return one.read(program.variables.map(({ name }) => name));
      }),
    );
    for (const [name, { data: expected }] of results[1] ?? [])
      expect(results[0]?.get(name)?.data, name).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-2 }); // of 20,000
  });
});
