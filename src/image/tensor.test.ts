import { expect, test } from "vitest";
import { fromTensor } from "./index.ts";

test("floats become the nearest bytes, and no others than 0..255", () => {
  const tensor = Float32Array.of(0, 0.4 / 255, 0.6 / 255, 100.4 / 255, 100.6 / 255, -3, 7, 1);
  expect([...fromTensor(tensor, { width: 4, height: 2 }).data]).toEqual([0, 0, 1, 100, 101, 0, 255, 255]);
});

test("normalisation is undone by channel", () => {
  const normalisation = { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] } as const;
  expect([...fromTensor(Float32Array.of(-1, 1, 0.25), { width: 1, height: 1, normalisation }).data]).toEqual([
    0, 128, 128,
  ]);
});
