import { expect, test } from "vitest";
import { philox } from "../rng.ts";
import { dropoutMaskValues } from "./random.ts";

const KEY = Int32Array.of(5, -6, 7, 8);

test("element i is word i mod 4 of block ⌊i/4⌋", () => {
  const block = new Uint32Array(4);
  philox(Uint32Array.of(1, 7, 8, 3), [5, -6 >>> 0], block);
  const mask = dropoutMaskValues(KEY, { size: 8, rate: 0.25, layer: 3 });
  expect([...mask.subarray(4)]).toEqual([...block].map((word) => (word / 2 ** 32 < 0.25 ? 0 : Math.fround(1 / 0.75))));
});

test.each([0.1, 0.5, 0.8])("rate %f drops that share and keeps the mean", (rate) => {
  const mask = dropoutMaskValues(KEY, { size: 100_000, rate, layer: 0 });
  const dropped = mask.filter((value) => value === 0).length / mask.length;
  expect(Math.abs(dropped - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / mask.length)); // 4 sigma
  const mean = mask.reduce((total, value) => total + value, 0) / mask.length;
  expect(Math.abs(mean - 1)).toBeLessThan(0.03);
});

test("seed, step, epoch and layer give other masks; a longer mask begins with the shorter one", () => {
  const options = { size: 64, rate: 0.5, layer: 0 };
  const keys = [0, 1, 2, 3].map((word) => Int32Array.from(KEY, (value, index) => value + (index === word ? 1 : 0)));
  const masks = [
    dropoutMaskValues(KEY, options),
    dropoutMaskValues(KEY, { ...options, layer: 1 }),
    ...keys.map((key) => dropoutMaskValues(key, options)),
  ];
  expect(new Set(masks.map((mask) => mask.join())).size).toBe(6);
  expect(dropoutMaskValues(KEY, { ...options, size: 10 })).toEqual(masks[0]?.subarray(0, 10));
});
