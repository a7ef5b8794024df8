import { describe, expect, test } from "vitest";
import { pixelDataset } from "./dataset.ts";
import { batches } from "./loader.ts";
import { classCounts, classWeights, weightedOrder } from "./sampling.ts";

/** 90 samples of class 0, then 9 of class 1, then 1 of class 2. */
const LABELS = Uint8Array.from({ length: 100 }, (_, i) => (i < 90 ? 0 : i < 99 ? 1 : 2));
const weights = classWeights(classCounts(LABELS, 3));
const labelsOf = (order: Uint32Array): number[] =>
  classCounts(
    Array.from(order, (index) => LABELS[index] ?? 0),
    3,
  );

test("weights make up for counts, their mean over the samples is 1", () => {
  expect(classCounts(LABELS, 4)).toEqual([90, 9, 1, 0]);
  expect(weights).toBeAllclose([100 / 270, 100 / 27, 100 / 3]);
  expect(weights.reduce((sum, weight, label) => sum + weight * ([90, 9, 1][label] ?? 0), 0)).toBeCloseTo(100);
  expect(classWeights([5, 5])).toEqual([1, 1]);
  expect(() => classWeights([3, 0])).toThrow("expected samples of every class but class 1 has none");
});

describe("weightedOrder", () => {
  test("balances the classes, to within one sample", () => {
    expect(labelsOf(weightedOrder(LABELS, { weights, seed: 0, epoch: 0 })).toSorted()).toEqual([33, 33, 34]);
  });

  test("is in proportion to weight times count", () => {
    expect(labelsOf(weightedOrder(LABELS, { weights: [1, 1, 1], seed: 0, epoch: 0 }))).toEqual([90, 9, 1]);
    expect(labelsOf(weightedOrder(LABELS, { weights: [0, 1, 0], seed: 0, epoch: 0 }))).toEqual([0, 100, 0]);
    expect(labelsOf(weightedOrder(LABELS, { weights: [1, 5, 5], seed: 0, epoch: 0 }))).toEqual([64, 32, 4]);
  });

  test("takes no sample again before all of its class were taken", () => {
    const order = weightedOrder(LABELS, { weights, seed: 3, epoch: 1 });
    const times = classCounts(order, 100);
    expect(new Set(times.slice(0, 90))).toEqual(new Set([0, 1]));
    expect(new Set(times.slice(90, 99))).toEqual(new Set([3, 4]));
    expect(times[99]).toBe(33);
  });

  test("depends on seed and epoch alone", () => {
    const order = (seed: number, epoch: number) => weightedOrder(LABELS, { weights, seed, epoch });
    expect(order(1, 2)).toEqual(order(1, 2));
    expect(order(1, 3)).not.toEqual(order(1, 2));
    expect(order(2, 2)).not.toEqual(order(1, 2));
  });

  test.each([[[0, 0, 0]], [[1, Number.NaN, 1]]])("weights %j are refused", (wrong) => {
    expect(() => weightedOrder(LABELS, { weights: wrong, seed: 0, epoch: 0 })).toThrow(
      "expected weights of at least 0",
    );
  });

  test("is an order for batches", async () => {
    const images = new Uint8Array(100);
    const dataset = pixelDataset({ images, labels: LABELS, shape: [1, 1, 1], classes: ["a", "b", "c"] });
    const order = (epoch: number) => weightedOrder(LABELS, { weights, seed: 5, epoch });
    const indices: number[] = [];
    for await (const batch of batches(dataset, { batchSize: 7, epoch: 2, order })) indices.push(...batch.indices);
    expect(indices).toEqual([...order(2)]);
    await expect(batches(dataset, { batchSize: 7, order: () => Uint32Array.of(1) }).next()).rejects.toThrow(
      "expected an order of 100 samples but it has 1",
    );
  });
});
