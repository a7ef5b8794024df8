import { expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { initialState, linear, type Module, module, relu, sequential } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/optimizer.ts";
import { trainingProgram } from "../../src/training/step-program.ts";
import { THREAD_ENGINES } from "./engine-names.ts";

const FEATURES = 96;

/** A weight with its two moments has 144 KiB, a batch 24 KiB: one copy kept at each step would be more than 30 MiB. */
const network: Module = module({ layers: sequential(linear(FEATURES, 128), relu, linear(128, 10)) }, (x, { layers }) =>
  layers(x),
);
const BATCH = 64;
const optimizer = adam();
const MIB = 2 ** 20;
const WARM_UP = 500;
const STEPS = 1500;

test.each(THREAD_ENGINES)(`memory stays flat over ${STEPS} steps, engine %s`, async (name) => {
  const engine = await openEngine(name, { threads: 1 });
  const program = trainingProgram(network, { inputShape: [FEATURES], batchSize: BATCH, optimizer });
  const executable = await engine.compile(program);
  await engine.write(initialState(network, 0));
  const step = (t: number) => {
    const scalars = Object.entries(optimizer.scalarsAt(t, 1e-3));
    const feeds = Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)]));
    const images = new Float32Array(BATCH * FEATURES).fill(t % 7);
    return executable.run({ images, labels: new Int32Array(BATCH), ...feeds }, { transfer: true });
  };
  for (let t = 1; t <= WARM_UP; t++) await step(t);
  const before = process.memoryUsage().rss;
  for (let t = 1; t <= STEPS; t++) await step(WARM_UP + t);
  expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(20);
  await engine.close();
});
