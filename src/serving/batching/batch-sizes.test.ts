import { expect, test } from "vitest";
import { batchSizes, splitIntoBatches } from "./batch-sizes.ts";

test.each([
  [1, 9, [1]],
  [8, 9, [1, 2, 4, 8]],
  [6, 9, [1, 2, 4, 6]],
  [32, 2, [1, 32]],
  [32, 4, [1, 8, 16, 32]],
])("up to %i images, at most %i sizes", (maxBatch, most, sizes) => {
  expect(batchSizes(maxBatch, most)).toEqual(sizes);
});

test.each([
  [1, [1]],
  [3, [4]],
  [5, [4, 1]],
  [6, [8]],
  [8, [8]],
  [19, [8, 8, 4]],
])("%i items in batches of 1, 2, 4 or 8", (count, batches) => {
  expect(splitIntoBatches(count, [1, 2, 4, 8])).toEqual(batches);
});

test("between the sizes in ones, where padding would be most of it", () => {
  expect(splitIntoBatches(3, [1, 32])).toEqual([1, 1, 1]);
  expect(splitIntoBatches(24, [1, 32])).toEqual([32]);
});
