/** One whole training step of mnist-cnn on each engine against PyTorch; see tools/golden/mnist-step.py. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Engine, openEngine } from "../../src/engines/index.ts";
import { type Shape, sizeOf } from "../../src/graph/value.ts";
import { mnistCnn } from "../../src/models/index.ts";
import { adam, type Optimizer, sgd } from "../../src/optim/optimizer.ts";
import { trainingProgram } from "../../src/training/step-program.ts";
import { ALL_ENGINES } from "./engine-names.ts";

interface Batch {
  readonly size: number;
  readonly loss: number;
  readonly logits: readonly number[];
  readonly after: Readonly<Record<"adam" | "sgd", Readonly<Record<string, readonly number[]>>>>;
}
interface Fixture {
  readonly every: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, Shape>>;
  readonly batches: readonly Batch[];
}

const golden = (name: string): URL => new URL(`../../tools/golden/${name}`, import.meta.url);
const fixture = JSON.parse(readFileSync(golden("mnist-step.json"), "utf8")) as Fixture;
const shapes = Object.entries(fixture.parameters);
const PIXELS = 28 * 28;

/** hash(seed, i) of tools/golden/mnist-losses.py. */
function hash(seed: number, index: number): number {
  let h = (Math.imul(index, 2654435761) + seed) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

/** The first weights of the fixture: bounds are 1/√fan-in. */
const firstWeights = new Map(
  shapes.map(([name, shape], index) => {
    const layer = fixture.parameters[name.replace("bias", "weight")] ?? [];
    const bound = 1 / Math.sqrt(sizeOf(layer.slice(1)));
    const value = (_: unknown, i: number): number => (hash(index + 1, i) / 2 ** 31 - 1) * bound;
    return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, value) }] as const;
  }),
);

function dataOf(size: number) {
  const labels = Int32Array.from({ length: size }, (_, sample) => hash(8, sample) % 10);
  const images = Float32Array.from({ length: size * PIXELS }, (_, index) => {
    const row = Math.floor((index % PIXELS) / 28);
    const bright = Math.floor(row / 3) === labels[Math.floor(index / PIXELS)];
    return (hash(7, index) >>> 25) + (bright ? 128 : 0);
  });
  return { images, labels };
}

/** The gradients of batch number `which` by parameter. */
function gradientsOfBatch(which: number): Map<string, Float32Array> {
  const bytes = readFileSync(golden("mnist-step.bin"));
  const numbers = new Float32Array(new Uint8Array(bytes).buffer);
  const total = shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  let start = which * total;
  return new Map(
    shapes.map(([name, shape]) => {
      start += sizeOf(shape);
      return [name, numbers.subarray(start - sizeOf(shape), start)] as const;
    }),
  );
}

/** ‖received − expected‖ / ‖expected‖ */
function relativeDifference(received: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(received.length).toBe(expected.length);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += ((received[i] ?? Number.NaN) - (expected[i] ?? 0)) ** 2;
    norm += (expected[i] ?? 0) ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** One step from the first weights; slots begin at zero. */
async function stepOn(engine: Engine, optimizer: Optimizer, size: number) {
  const program = trainingProgram(mnistCnn(), { inputShape: [1, 28, 28], batchSize: size, optimizer });
  const executable = await engine.compile(program);
  const slots = shapes.flatMap(([name, shape]) =>
    optimizer.slots.map((slot) => [`${name}.${slot}`, { shape, data: new Float32Array(sizeOf(shape)) }] as const),
  );
  await engine.write(new Map([...firstWeights, ...slots]));
  const scalars = Object.entries(optimizer.scalarsAt(1, optimizer.learningRate));
  const feeds = Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)]));
  const results = await executable.run({ ...dataOf(size), ...feeds });
  return { results, variables: await engine.read() };
}

const OPTIMIZERS = {
  adam: { optimizer: adam(), slot: "exp_avg", share: 0.1 },
  sgd: { optimizer: sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 1e-4 }), slot: "momentum_buffer", share: 1 },
};

/** Every batch with every optimizer; the slow engine takes the large batch once. */
const stepsOf = (engine: string) =>
  fixture.batches.flatMap((batch, which) =>
    (engine === "reference" && 5 < batch.size ? (["sgd"] as const) : (["adam", "sgd"] as const)).map((kind) => ({
      ...batch,
      which,
      kind,
      expected: batch.after[kind],
    })),
  );

// PyTorch computed in float64. float32 costs up to 1e-6 of a tensor's norm here; Adam makes whole steps of gradients that
// are next to nothing, so that a few of its weights could differ by more
const LIMITS = { forward: 1e-5, gradient: 1e-5, weights: 1e-4 };

describe.each(ALL_ENGINES)("the %s engine", async (name) => {
  const engine = await openEngine(name, { threads: 2 });
  afterAll(() => engine.close());

  // 16 images fill blocks of channels, 5 are a ragged last batch
  const steps = stepsOf(name);
  test.each(steps)("$size images, $kind: loss, gradients and new weights", async (step) => {
    const { size, which, kind, loss, logits, expected } = step;
    const { optimizer, slot, share } = OPTIMIZERS[kind];
    const { results, variables } = await stepOn(engine, optimizer, size);
    expect(relativeDifference(results.loss ?? [], [loss])).toBeLessThan(LIMITS.forward);
    expect(relativeDifference(results.logits ?? [], logits)).toBeLessThan(LIMITS.forward);
    for (const [parameter, gradient] of gradientsOfBatch(which)) {
      const before = firstWeights.get(parameter)?.data ?? [];
      const decay = optimizer.settings.weight_decay as number;
      const kept = gradient.map((value, index) => share * (value + decay * (before[index] ?? 0)));
      const first = variables.get(`${parameter}.${slot}`)?.data ?? [];
      expect(relativeDifference(first, kept), `gradient of ${parameter}`).toBeLessThan(LIMITS.gradient);
      const every = fixture.every[parameter] ?? 1;
      const after = variables.get(parameter)?.data.filter((_, index) => index % every === 0) ?? [];
      expect(relativeDifference(after, expected[parameter] ?? []), parameter).toBeLessThan(LIMITS.weights);
    }
  });
});
