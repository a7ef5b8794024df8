/** A network of every kind of layer against the same network in PyTorch; see tools/golden/modules.py. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram } from "../../src/graph/program.ts";
import { input, type Shape, type Value } from "../../src/graph/value.ts";
import {
  adaptiveAveragePool2d,
  add,
  averagePool2d,
  batchNorm2d,
  conv2d,
  flatten,
  identity,
  linear,
  type Module,
  maxPool2d,
  module,
  relu,
  relu6,
  sequential,
  silu,
  tensorsOf,
  trace,
} from "../../src/nn/index.ts";
import { weightedSum } from "../conformance/cases.ts";
import { ALL_ENGINES } from "../conformance/engine-names.ts";

interface Stored {
  readonly shape: Shape;
  readonly data: readonly number[];
}
type StoredTensors = Readonly<Record<string, Stored>>;
interface Fixture {
  readonly state: StoredTensors;
  readonly parameters: readonly string[];
  readonly images: Stored;
  readonly seed: Stored;
  readonly runs: Readonly<Record<string, { output: Stored; gradients: StoredTensors; buffers: StoredTensors }>>;
}

const path = new URL("../../tools/golden/modules.json", import.meta.url);
const fixture = JSON.parse(readFileSync(path, "utf8")) as Fixture;

const residual = (channels: number): Module =>
  module(
    {
      conv1: conv2d(channels, 2 * channels, { kernel: 1, bias: false }),
      bn1: batchNorm2d(2 * channels),
      conv2: conv2d(2 * channels, channels, { kernel: 3, padding: 1, groups: channels }),
      downsample: identity(),
    },
    (x, { conv1, bn1, conv2, downsample }) => relu(add([conv2(relu6(bn1(conv1(x)))), downsample(x)])),
  );

const network = module(
  {
    stem: sequential(
      conv2d(3, 8, { kernel: [3, 2], stride: [2, 1], padding: [1, 0] }),
      batchNorm2d(8, { epsilon: 1e-3, momentum: 0.3 }),
      relu,
      (x) => maxPool2d(x, { kernel: 3, stride: 2, padding: 1 }),
    ),
    dilated: conv2d(8, 4, { kernel: 3, padding: 2, dilation: 2, groups: 2, bias: false }),
    blocks: sequential(residual(4), (x) => maxPool2d(x, { kernel: 2, stride: 1, ceilMode: true }), residual(4)),
    classifier: sequential(linear(16, 6, { bias: false }), silu, linear(6, 3)),
  },
  (images, { stem, dilated, blocks, classifier }) => {
    const window = { kernel: [2, 3], stride: [2, 1], padding: [1, 1], ceilMode: true, countIncludePad: false } as const;
    const features = averagePool2d(blocks(dilated(stem(images))), window);
    return classifier(flatten(adaptiveAveragePool2d(features, 2)));
  },
);

const RUNS: Readonly<Record<string, { training: boolean; isFrozen?: (layer: string) => boolean }>> = {
  training: { training: true },
  frozen: { training: true, isFrozen: (layer) => layer === "stem.1" },
  evaluation: { training: false },
};

/** Output and gradients of Σ output·seed; updates of the running statistics. */
function programOf(run: string) {
  const images = input("images", fixture.images.shape);
  const { output, tensors, updates } = trace(network, images, RUNS[run] ?? { training: true });
  const targets = {
    images,
    ...Object.fromEntries(fixture.parameters.map((name) => [name, tensors.get(name) as Value])),
  };
  const loss = weightedSum(output, input("seed", fixture.seed.shape));
  const gradients = gradientsOf(loss, Object.values(targets), (values) => add(values));
  const named = Object.keys(targets).map((name, index) => [`gradient of ${name}`, gradients[index] as Value] as const);
  return defineProgram({ name: run, outputs: { output, ...Object.fromEntries(named) }, updates });
}

test("the state dict has PyTorch's names, shapes and order", () => {
  const ours = tensorsOf(network).map(({ name, spec }) => [name, spec.shape]);
  expect(ours).toEqual(Object.entries(fixture.state).map(([name, { shape }]) => [name, shape]));
  const parameters = tensorsOf(network).filter(({ role }) => role === "parameter");
  expect(parameters.map(({ name }) => name)).toEqual(fixture.parameters);
});

// PyTorch in float64; what the reference engine gives is rounded to float32 when it is read (6e-8), the others compute in float32,
// and sums of some hundred terms of both signs lose more than their last digit
describe.each(ALL_ENGINES)("the %s engine", async (name) => {
  const tolerance = name === "reference" ? { rtol: 1e-7, atol: 1e-7 } : { rtol: 1e-5, atol: 1e-5 };
  const engine = await openEngine(name, { threads: 2 });
  afterAll(() => engine.close());

  test.each(Object.keys(RUNS))("%s", async (run) => {
    const executable = await engine.compile(programOf(run));
    const state = Object.entries(fixture.state);
    await engine.write(new Map(state.map(([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data) }])));
    const feeds = { images: Float32Array.from(fixture.images.data), seed: Float32Array.from(fixture.seed.data) };
    const results = await executable.run(feeds);
    const expected = fixture.runs[run];
    expect(results.output ?? [], "output").toBeAllclose(expected?.output.data ?? [], tolerance);
    for (const [key, { data }] of Object.entries(expected?.gradients ?? {}))
      expect(results[`gradient of ${key}`] ?? [], key).toBeAllclose(data, tolerance);
    const buffers = await engine.read(Object.keys(expected?.buffers ?? {}));
    for (const [key, { data }] of Object.entries(expected?.buffers ?? {}))
      expect(buffers.get(key)?.data ?? [], key).toBeAllclose(data, tolerance);
  });
});
