/** A network's logits and training step on an engine against those of PyTorch in float64. */
import { expect } from "vitest";
import { type Engine, openEngine, type VariableData } from "../../src/engines/index.ts";
import { findModel } from "../../src/models/index.ts";
import { type Module, tensorsOf } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { inferenceProgram, slotName } from "../../src/training/programs.ts";
import { trainingProgram } from "../../src/training/step-program.ts";
import {
  CLASSES,
  distance,
  type GoldenNetwork,
  generatedBatch,
  generatedTensors,
  readGolden,
  type Sketch,
  sketchesOf,
  writeTensors,
} from "./zoo-golden.ts";

const golden = readGolden<Record<string, GoldenNetwork>>("zoo-parity.json");

/** How near a step is to be. Distances are relative to a tensor's norm. */
export interface Bars {
  /** Of the loss and, as a share of the greatest one, of the logits. */
  readonly logits: number;
  /** Of each gradient. */
  readonly gradient: number;
  /** Where rounding may turn relus: the share of gradients that are to be that near, and the bar of the others. */
  readonly turned?: { readonly share: number; readonly farthest: number };
  /** Of running statistics; and of parameters, beside what their gradient is away. */
  readonly state: number;
}

/** fp32; measured in networks of up to 152 layers: logits 1.3e-6, gradients 2e-5, state 9e-7. */
export const FLOAT32: Bars = { logits: 1e-4, gradient: 1e-3, state: 1e-5 };
/** float64 on both sides; what is read from the engine is rounded to float32, and golden numbers have eight digits. */
export const FLOAT64: Bars = { logits: 3e-7, gradient: 3e-7, state: 3e-7 };

interface Opened {
  readonly engine: Engine;
  readonly network: Module;
  readonly expected: GoldenNetwork;
}

/** The weights of the last network, of hundreds of MB in some: tests of one network on several engines follow each other. */
let latest: { readonly name: string; readonly tensors: readonly (readonly [string, VariableData])[] } | undefined;

/** A network of the zoo with generated weights on an engine, for one check. */
export async function withNetwork(name: string, engineName: string, check: (opened: Opened) => Promise<void>) {
  const expected = golden[name];
  if (!expected) throw new Error(`zoo-parity.json has no network "${name}"`);
  const network = findModel(name).build({ classes: CLASSES, dropout: 0, transformInput: true });
  const engine = await openEngine(engineName, { threads: 2 });
  try {
    if (latest?.name !== name) latest = { name, tensors: [...generatedTensors(network, expected)] };
    await writeTensors(engine, latest.tensors);
    await check({ engine, network, expected });
  } finally {
    await engine.close();
  }
}

/** Logits in evaluation, with variable and with constant weights, for images of several sizes; `only` picks some of them. */
export async function checkLogits({ engine, network, expected }: Opened, bar: number, only?: number): Promise<void> {
  for (const { size, values } of expected.logits.slice(only)) {
    const [batchSize, h, w] = size;
    const program = inferenceProgram(network, { inputShape: [3, h, w], batchSize });
    const greatest = Math.max(...values.map(Math.abs));
    for (const constants of engine.name === "reference" ? [undefined] : [undefined, "all" as const]) {
      const executable = await engine.compile(program, { constants });
      const { logits = [] } = await executable.run({ images: generatedBatch(size).images });
      await executable.close();
      const which = `logits of ${size}, constants ${constants ?? "none"}`;
      expect(logits, which).toBeAllclose(values, { rtol: 0, atol: bar * greatest });
    }
  }
}

const LEARNING_RATE = 0.05;
const NOTHING: VariableData = { shape: [0], data: new Float32Array() };
const NONE: Sketch = [0];

/** One step of SGD with momentum: loss, gradients (which the momentum's buffers then hold), parameters, statistics. */
export async function checkStep({ engine, network, expected: { step } }: Opened, bars: Bars): Promise<void> {
  const [batchSize, h, w] = step.size;
  const optimizer = sgd({ learningRate: LEARNING_RATE, momentum: 0.9 });
  const program = trainingProgram(network, { inputShape: [3, h, w], batchSize, optimizer });
  const executable = await engine.compile(program);
  const scalars = Object.entries(optimizer.scalarsAt(1, LEARNING_RATE));
  const rates = Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)]));
  const { loss } = await executable.run({ ...generatedBatch(step.size), ...rates });
  expect(loss, "loss").toBeAllclose([step.loss], { rtol: bars.logits, atol: 0 });

  const sketches = async (name: string, variables: readonly string[]): Promise<Sketch[]> => {
    const read = await engine.read(variables);
    return sketchesOf(
      name,
      variables.map((variable) => read.get(variable) ?? NOTHING),
    );
  };
  const names = namesOf(network);
  const distances: number[] = [];
  for (const [index, name] of names.parameters.entries()) {
    const [gradient, parameter] = [at(step.gradients, index), at(step.parameters, index)];
    const [buffer = NONE, value = NONE] = await sketches(name, [slotName(name, "momentum_buffer"), name]);
    const away = distance(buffer, gradient) / gradient[0];
    distances.push(away);
    expect(away, `gradient of ${name}`).toBeLessThanOrEqual(bars.turned?.farthest ?? bars.gradient);
    const byGradient = LEARNING_RATE * away * gradient[0]; // exactly, since the signs are the same
    const moved = distance(value, parameter);
    expect(moved, `${name} after the step`).toBeLessThanOrEqual(byGradient + bars.state * parameter[0]);
  }
  const near = distances.filter((away) => away <= bars.gradient).length;
  expect(near / distances.length, "share of near gradients").toBeGreaterThanOrEqual(bars.turned?.share ?? 1);
  for (const [index, name] of names.statistics.entries()) {
    const statistic = at(step.buffers, index);
    const [value = NONE] = await sketches(name, [name]);
    const moved = distance(value, statistic) / statistic[0];
    expect(moved, `${name} after the step`).toBeLessThanOrEqual(bars.state);
  }
  for (const name of names.counters)
    expect((await engine.read([name])).get(name)?.data, name).toEqual(Float32Array.of(1));
}

function namesOf(network: Module) {
  const tensors = tensorsOf(network);
  const of = (wanted: string, counts: boolean): string[] =>
    tensors.filter(({ role, spec }) => role === wanted && (spec.dtype === "int64") === counts).map(({ name }) => name);
  return { parameters: of("parameter", false), statistics: of("buffer", false), counters: of("buffer", true) };
}

function at(sketches: readonly Sketch[], index: number): Sketch {
  const found = sketches[index];
  if (!found) throw new Error(`zoo-parity.json has no tensor ${index}`);
  return found;
}
