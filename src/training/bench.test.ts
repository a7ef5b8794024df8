/** What is measured, with a clock that goes on by 10 ms at each look. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tensorDataset } from "../data/index.ts";
import { type BenchOptions, bench } from "./bench.ts";

let looks = 0;
beforeEach(() => {
  looks = 0;
  vi.spyOn(performance, "now").mockImplementation(() => 10 * looks++);
});
afterEach(() => vi.restoreAllMocks());

const three = tensorDataset({ images: new Float32Array(3), labels: [0, 1, 0], shape: [1, 1, 1], classes: ["a", "b"] });
const options: BenchOptions = {
  ...{ model: "mnist-cnn", job: "data", batchSize: 2, steps: 5, engine: "onnx", threads: 1, workers: 0 },
  ...{ precision: "fp32", optimizer: "sgd", weights: "none", freeze: "none", tune: false },
  dataset: async () => three,
};

test("data: images of all batches after the first three, over their time", async () => {
  // batches of 2, 1, 2 images to warm up, then of 1, 2, 1, 2, 1
  expect(await bench(options)).toMatchObject({ medianMs: 10, minMs: 10, imagesPerSecond: 140, compileMs: 0 });
  expect(looks).toBe(1 + 3 + 5);
});

test("data: long measurements warm up for ten batches", async () => {
  expect(await bench({ ...options, steps: 50 })).toMatchObject({ steps: 50, imagesPerSecond: 150 });
  expect(looks).toBe(1 + 10 + 50);
});

test.each(["train", "eval"] as const)("%s: a batch in the time of the median step", async (job) => {
  const { imagesPerSecond, medianMs, ...rest } = await bench({ ...options, job, steps: 3, batchSize: 4 });
  expect(imagesPerSecond).toBe(Math.round(4000 / medianMs));
  expect(rest).toMatchObject({ engine: "onnx", job, steps: 3, batchSize: 4 });
});
