import { expect, test } from "vitest";
import type { Batch } from "./batch.ts";
import { type Dataset, pixelDataset } from "./dataset.ts";
import { type BatchOptions, batchCount, batches } from "./loader.ts";

async function collect(dataset: Dataset, options: BatchOptions): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches(dataset, options)) all.push(batch);
  return all;
}

test("a data set of one sample is one batch of one, with whatever options", async () => {
  const one = pixelDataset({
    images: Uint8Array.of(7, 9),
    labels: Uint8Array.of(2),
    shape: [1, 1, 2],
    classes: [..."abc"],
    rawPixels: true,
  });
  for (const options of [{}, { shuffle: true, seed: 4 }, { mergeSingle: true }, { workers: 1 }]) {
    const all = await collect(one, { batchSize: 4, ...options });
    expect(all.map(({ size, images, labels, indices }) => [size, [...images], [...labels], [...indices]])).toEqual([
      [1, [7, 9], [2], [0]],
    ]);
  }
  expect(await collect(one, { batchSize: 4, dropLast: true })).toEqual([]);
  expect(batchCount(1, { batchSize: 1, mergeSingle: true })).toBe(1);
});
