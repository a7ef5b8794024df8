/** By what features of a frozen part are kept on disk: a file of its own for all that they depend on. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { float32Tensor } from "../checkpoint/index.ts";
import { tensorDataset } from "../data/index.ts";
import { findModel } from "../models/index.ts";
import { configValues, resolveConfig } from "./config.ts";
import { stageData } from "./feature-cache.ts";
import { inputOf } from "./run-data.ts";
import type { RunParts } from "./run-parts.ts";

const cache = await mkdtemp(join(tmpdir(), "ocelli-features-"));
afterAll(() => rm(cache, { recursive: true }));
beforeEach(() => {
  vi.stubEnv("OCELLI_CACHE", cache);
  return () => vi.unstubAllEnvs();
});

const model = findModel("squeezenet1_1");
const network = model.build({ classes: 2 });
const images = { images: new Float32Array(4), labels: [0, 1], shape: [1, 1, 2] as [number, number, number] };
const dataset = tensorDataset({ ...images, classes: ["a", "b"] });
const common = { model: "squeezenet1_1", weights: "none", freeze: "backbone", cache: "disk", epochs: 4, size: 64 };

interface Change {
  readonly values?: Record<string, unknown>;
  /** The first number of a frozen layer and of the head. */
  readonly weights?: readonly [number, number];
  readonly dataHash?: string;
  readonly engine?: string;
  readonly freeze?: string;
  readonly purpose?: "train" | "infer";
  /** Takes what is said; by default nothing may be. */
  readonly onNote?: (text: string) => void;
}

/** Files of features that a stage asks for; the features are 1, 2, … of as many images as the network was given. */
async function kept({
  values,
  weights: [frozen, head] = [1, 1],
  dataHash = "d",
  engine = "onnx",
  freeze = "backbone",
  purpose = "train",
  onNote = (text) => expect.fail(text),
}: Change) {
  const config = resolveConfig([{ from: "flag", values: { ...common, augment: "standard", views: 2, ...values } }]);
  let computed = 0;
  const photos = { ...dataset, files: [] };
  const data = { train: photos, test: photos, source: "two", dataHash };
  const input = inputOf(data, model, configValues(config));
  const state = new Map([
    ["features.0.bias", float32Tensor([1], [frozen])],
    ["classifier.1.bias", float32Tensor([1], [head])],
  ]);
  const trainer = {
    featureShape: () => [1],
    weights: async () => state,
    engine: { name: engine },
    features: async (given: Float32Array) => Float32Array.from({ length: given.length / 2 }, () => ++computed),
  };
  const facts = { config, classes: ["a", "b"], input, options: {} };
  const parts = { config: configValues(config), facts, data, model, network, trainer, pool: undefined, notes: [] };
  const listener = { onProgress: () => {}, onNote, signal: undefined };
  const { areFeatures } = await stageData(parts as unknown as RunParts, { purpose, freeze, ...listener });
  expect(areFeatures).toBe(true);
  return { computed, files: (await readdir(join(cache, "features"))).length };
}

test("features are kept, and found again where nothing is new", async () => {
  const { files, computed } = await kept({});
  expect(computed).toBe(4);
  expect(await kept({})).toEqual({ files, computed: 0 });
  // what features do not depend on
  for (const values of [{ learningRate: 0.5 }, { epochs: 9 }, { optimizer: "sgd" }, { labelSmoothing: 0.1 }])
    expect(await kept({ values }), JSON.stringify(values)).toEqual({ files, computed: 0 });
  expect(await kept({ weights: [1, 2] })).toEqual({ files, computed: 0 });
});

test.each<[string, Change]>([
  ["augmentation", { values: { augment: "trivial" } }],
  ["erasing", { values: { erase: 0.5 } }],
  ["the seed", { values: { seed: 7 } }],
  ["more views", { values: { views: 3 } }],
  ["the size", { values: { size: 96 } }],
  ["whether photos are turned", { values: { exif: false } }],
  ["the batch size", { values: { batchSize: 1 } }],
  ["frozen weights", { weights: [2, 1] }],
  ["the data", { dataHash: "other" }],
  ["the engine", { engine: "reference" }],
  ["what is frozen", { freeze: "features" }],
])("%s: another file of features", async (_, change) => {
  const before = (await kept({})).files;
  const { files, computed } = await kept(change);
  expect(computed).toBeGreaterThan(0);
  expect(files).toBe(before + 1);
  expect(await kept(change)).toEqual({ files, computed: 0 });
});

test("damaged features, and those of another key, are computed again and that is said once", async () => {
  const folder = join(cache, "features");
  await rm(folder, { recursive: true, force: true });
  await kept({});
  const [name = ""] = await readdir(folder);
  const file = join(folder, name);
  const content = await readFile(file);
  await kept({ dataHash: "another" });
  const other = (await readdir(folder)).find((found) => found !== name) ?? "";
  const notes: string[] = [];
  const onNote = (text: string): void => void notes.push(text);
  await writeFile(file, Buffer.from(content).fill(1, content.length - 3));
  expect(await kept({ onNote })).toMatchObject({ computed: 4 });
  await copyFile(join(folder, other), file);
  expect(await kept({ onNote })).toMatchObject({ computed: 4 });
  expect(notes).toEqual([
    `"${file}": these kept features are not used (its bytes have changed); they are computed again.`,
    `"${file}": these kept features are not used (it is of another key or version); they are computed again.`,
  ]);
  expect(await readFile(file)).toEqual(content);
  expect(await kept({})).toMatchObject({ computed: 0 });
});

test("older features make room for new ones, and those beyond the limit are not kept, which is said", async () => {
  const folder = join(cache, "features");
  await rm(folder, { recursive: true, force: true });
  vi.stubEnv("OCELLI_CACHE_LIMIT", "3e-7"); // one file of 256 bytes and 16
  expect((await kept({})).files).toBe(1);
  expect((await kept({ dataHash: "newer" })).files).toBe(1);
  expect(await kept({ dataHash: "newer" })).toEqual({ files: 1, computed: 0 });
  vi.stubEnv("OCELLI_CACHE_LIMIT", "0");
  const notes: string[] = [];
  expect((await kept({ onNote: (text) => void notes.push(text) })).files).toBe(1);
  expect(notes).toEqual(["Features are not kept on disk: they take 0 MB of 0 MB (OCELLI_CACHE_LIMIT)"]);
});

test("without augmentation the seed makes no difference", async () => {
  const plain = { augment: "none", views: 0 };
  const { files } = await kept({ values: plain });
  expect(await kept({ values: { ...plain, seed: 7 } })).toEqual({ files, computed: 0 });
});

test("a single view with something erased is not the photo itself, and another seed erases elsewhere", async () => {
  const plain = { augment: "none", views: 0 };
  const before = (await kept({ values: plain })).files;
  const erased = { augment: "none", views: 1, erase: 0.5 };
  expect(await kept({ values: erased })).toEqual({ files: before + 1, computed: 2 });
  expect(await kept({ values: { ...erased, seed: 7 } })).toEqual({ files: before + 2, computed: 2 });
  expect(await kept({ values: { ...erased, erase: 0.25 } })).toEqual({ files: before + 3, computed: 2 });
});

test("photos of validation have features that no augmentation changes", async () => {
  const { files, computed } = await kept({ purpose: "infer" });
  expect(computed).toBe(2);
  for (const values of [{ augment: "trivial" }, { erase: 0.5 }, { seed: 7 }, { views: 3 }])
    expect(await kept({ values, purpose: "infer" })).toEqual({ files, computed: 0 });
});
