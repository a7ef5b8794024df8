import { afterAll, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { sizeOf } from "../../src/graph/value.ts";
import { initialState, linear, type Module, module, relu, sequential } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/optimizer.ts";
import { trainingProgram } from "../../src/training/programs.ts";

const engine = await openEngine("onnx", { threads: 1 });
afterAll(() => engine.close());

/** Its variables and inputs have 3 MiB in all: a copy that were kept at each step would be seen at once. */
const network: Module = module({ layers: sequential(linear(256, 256), relu, linear(256, 10)) }, (x, { layers }) =>
  layers(x),
);
const BATCH = 128;
const optimizer = adam();
const MIB = 2 ** 20;

test("memory stays flat over 1,500 steps", async () => {
  const program = trainingProgram(network, { inputShape: [256], batchSize: BATCH, optimizer });
  const executable = await engine.compile(program);
  await engine.write(initialState(network, 0));
  const step = (t: number) => {
    const scalars = Object.entries(optimizer.scalarsAt(t, 1e-3));
    const feeds = Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)]));
    const images = new Float32Array(BATCH * sizeOf([256])).fill(t % 7);
    return executable.run({ images, labels: new Int32Array(BATCH), ...feeds }, { transfer: true });
  };
  for (let t = 1; t <= 500; t++) await step(t);
  const before = process.memoryUsage().rss;
  for (let t = 501; t <= 2000; t++) await step(t);
  expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(20);
});
