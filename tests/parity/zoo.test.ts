// torchvision 0.28: names, shapes, counts, published figures and first weights; regenerate with tools/golden/zoo.py
import { describe, expect, test } from "vitest";
import { countMacs, findModel, MODELS } from "../../src/models/index.ts";
import { parameterCount, tensorsOf } from "../../src/nn/index.ts";
import { rngFor } from "../../src/rng.ts";
import { readGolden } from "./zoo-golden.ts";

type Moments = readonly [mean: number, deviation: number, greatest: number];

interface Facts {
  readonly parameters: number;
  readonly buffers: number;
  readonly parameterCount: number;
  readonly twoClasses: number;
  readonly published: {
    readonly parameters: number;
    readonly gmacs: number;
    readonly minimumSize: number;
    readonly weights: readonly { readonly name: string; readonly url: string; readonly mebibytes: number }[];
  };
  readonly initial?: Readonly<Record<string, Moments>>;
}

const facts = readGolden<Record<string, Facts>>("zoo.json");
const names = readGolden<Record<string, Record<string, readonly number[]>>>("zoo-names.json.gz");
const networks = Object.entries(facts);

test("the zoo has torchvision's networks", () => {
  expect(MODELS.map(({ name }) => name)).toEqual(["mnist-cnn", ...Object.keys(facts)]);
});

describe.each(networks)("%s", (name, fact) => {
  const record = findModel(name);
  const network = record.build({ classes: 1000 });
  const tensors = tensorsOf(network);

  test("has torchvision's names and shapes in its order", () => {
    const shapes = tensors.map(({ name: key, spec }) => [key, spec.shape]);
    expect(shapes).toEqual(Object.entries(names[name] ?? {}));
  });

  test("has as many parameters and buffers", () => {
    const count = (role: string): number => tensors.filter((tensor) => tensor.role === role).length;
    expect([count("parameter"), count("buffer")]).toEqual([fact.parameters, fact.buffers]);
    expect(parameterCount(network)).toBe(fact.parameterCount);
  });

  test("has as many parameters with a new head of two classes", () => {
    expect(parameterCount(record.build({ classes: 2, newHead: true }))).toBe(fact.twoClasses);
    expect(parameterCount(record.build({ classes: 2 }))).toBe(fact.twoClasses);
  });

  test("has the published figures", () => {
    const { minimumSize, ...published } = fact.published;
    expect(record.published).toMatchObject(published);
    expect(record.minimumSize).toBe(minimumSize);
    expect(record.published?.parameters).toBe(fact.parameterCount);
    for (const weights of record.published?.weights ?? [])
      expect(weights.url).toBe(`https://download.pytorch.org/models/${weights.file}`);
  });

  test("takes the published multiply-accumulates", () => {
    const { gmacs } = fact.published;
    // published with three digits after the point
    expect(Math.abs(countMacs(network, record.inputShape) / 1e9 - gmacs)).toBeLessThan(6e-4);
  });
});

/** A uniform distribution ends at √3 deviations; a normal one of 1000 numbers goes beyond 2.5. */
const isUniform = ([, deviation, greatest]: Moments): boolean => greatest / deviation < 1.8;

function momentsOf(values: Float32Array): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(square), values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)];
}

// both are samples of n numbers, so means differ by about deviation·√(2/n) and deviations by less than deviation/√n
const DEVIATIONS = 6;
const KIND_FROM = 1000;

test.each(networks.filter(([, { initial }]) => initial))("%s begins with torchvision's distributions", (name, fact) => {
  const specs = new Map(
    tensorsOf(findModel(name).build({ classes: 1000 })).map((tensor) => [tensor.name, tensor.spec]),
  );
  for (const [key, golden] of Object.entries(fact.initial ?? {})) {
    const spec = specs.get(key);
    const values = spec?.initialise(spec.shape, rngFor(0, `init:${key}`)) ?? new Float32Array();
    const [mean, deviation] = golden;
    const allowed = (DEVIATIONS * deviation) / Math.sqrt(values.length);
    const own = momentsOf(values);
    expect(Math.abs(own[0] - mean), `mean of ${key}`).toBeLessThanOrEqual(allowed * Math.SQRT2);
    expect(Math.abs(own[1] - deviation), `deviation of ${key}`).toBeLessThanOrEqual(allowed);
    if (KIND_FROM <= values.length && 0 < deviation) expect(isUniform(own), `kind of ${key}`).toBe(isUniform(golden));
  }
});
