import { expect, test } from "vitest";
import { defineProgram } from "../graph/program.ts";
import { input } from "../graph/value.ts";
import { initialState, tensorsOf, trace } from "../nn/index.ts";
import { rngFor } from "../rng.ts";
import { findModel, isHeadParameter, MODELS, modernKeys } from "./index.ts";

const shapesOf = (name: string, options: Parameters<ReturnType<typeof findModel>["build"]>[0]) =>
  new Map(
    tensorsOf(findModel(name).build(options)).map(({ name: key, spec }) => [key, { shape: spec.shape, spec }] as const),
  );

test("an unknown model is an error that suggests the nearest", () => {
  expect(() => findModel("resnet81")).toThrow(/expected one of mnist-cnn, resnet18, .* but got "resnet81"/);
});

test.each(MODELS)("a new head of $name has a plain layer's first weights, the rest stays", ({ name, heads }) => {
  const old = shapesOf(name, { classes: 7 });
  const fresh = shapesOf(name, { classes: 7, newHead: true });
  expect([...fresh.keys()]).toEqual([...old.keys()]);
  for (const [key, { shape, spec }] of fresh) {
    expect(shape).toEqual(old.get(key)?.shape);
    const inHead = heads.some((head) => key.startsWith(`${head}.`));
    expect(isHeadParameter(findModel(name), key)).toBe(inHead);
    if (!inHead) continue;
    const inputs = (fresh.get(key.replace("bias", "weight"))?.shape ?? []).slice(1).reduce((a, b) => a * b, 1);
    const samples = initialState(layerOf(key, spec), 1).get(key)?.data ?? new Float32Array();
    expect(Math.max(...samples.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(inputs));
    expect(Math.max(...samples)).toBeGreaterThan(0);
    if (samples.length < 1000) continue;
    // uniform in ±1/√inputs: a deviation of 1/√(3·inputs), of that many samples to 5 %
    const deviation = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
    expect(deviation * Math.sqrt(3 * inputs)).toBeCloseTo(1, 1);
  }
});

// torchvision's: vgg.py, squeezenet.py and inception.py
test.each([
  ["vgg11", "classifier.0.weight", 0.01],
  ["vgg11_bn", "classifier.6.weight", 0.01],
  ["squeezenet1_1", "classifier.1.weight", 0.01],
  ["inception_v3", "fc.weight", 0.1],
  ["inception_v3", "AuxLogits.fc.weight", 0.001],
  ["inception_v3", "AuxLogits.conv1.conv.weight", 0.01],
])("%s from scratch: %s is normal with a deviation of its own", (name, key, deviation) => {
  const { spec } = shapesOf(name, { classes: 7 }).get(key) ?? {};
  if (!spec) throw new Error(`no ${key}`);
  const values = spec.initialise([100, 40], rngFor(0, key));
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  expect(Math.sqrt(square) / deviation).toBeCloseTo(1, 1); // 4000 numbers: to 1.1 %
  expect(Math.max(...values) / deviation).toBeGreaterThan(2.5); // a uniform distribution ends at 1.8
});

const layerOf = (key: string, spec: ReturnType<typeof tensorsOf>[number]["spec"]) => ({
  kind: "layer",
  parameters: { [key]: spec },
  buffers: {},
  children: {},
  apply: () => undefined,
});

const ratesOf = (name: string, size: number, dropout?: number): unknown[] => {
  const network = findModel(name).build({ classes: 3, dropout });
  const dropoutKey = input("dropoutKey", [4], "int32");
  const { output } = trace(network, input("images", [2, 3, size, size]), { training: true, dropoutKey });
  const program = defineProgram({ name: "forward pass", outputs: { output } });
  return program.nodes.flatMap(({ op, attributes }) => (op === "dropoutMask" ? [attributes.rate] : []));
};

test.each([
  ["alexnet", 63, [0.5, 0.5]],
  ["vgg11", 32, [0.5, 0.5]],
  ["squeezenet1_1", 32, [0.5]],
  ["resnet18", 64, []],
  ["densenet121", 64, []],
  ["inception_v3", 299, [0.5]],
])("%s drops out as in its paper, or with the rate given", (name, size, rates) => {
  expect(ratesOf(name, size)).toEqual(rates);
  expect(ratesOf(name, size, 0.2)).toEqual(name === "densenet121" ? Array(58).fill(0.2) : rates.map(() => 0.2));
  expect(ratesOf(name, size, 0)).toEqual([]);
});

test("inception's auxiliary classifier takes part in training alone, with a weight of 0.4", () => {
  const images = input("images", [2, 3, 299, 299]);
  const network = findModel("inception_v3").build({ classes: 5, dropout: 0 });
  const [auxiliary] = trace(network, images, { training: true }).auxiliary;
  expect(auxiliary).toMatchObject({ weight: 0.4, logits: { shape: [2, 5] } });
  expect(trace(network, images, { training: false }).auxiliary).toEqual([]);
  const without = findModel("inception_v3").build({ classes: 5, dropout: 0, auxLogits: false, newHead: true });
  expect(tensorsOf(without).filter(({ name }) => name.startsWith("AuxLogits"))).toEqual([]);
  expect(trace(without, images, { training: true }).auxiliary).toEqual([]);
});

test("older names of DenseNet's official files become present ones", () => {
  const names = ["denseblock1.denselayer12.norm.1.weight", "denseblock1.denselayer12.conv.2.weight", "norm5.weight"];
  const state = new Map(names.map((name) => [`features.${name}`, 1]));
  expect([...modernKeys(state).keys()]).toEqual([
    "features.denseblock1.denselayer12.norm1.weight",
    "features.denseblock1.denselayer12.conv2.weight",
    "features.norm5.weight",
  ]);
  const present = tensorsOf(findModel("densenet121").build({ classes: 2 })).map(({ name }) => [name, 1] as const);
  expect([...modernKeys(new Map(present))]).toEqual(present);
});
