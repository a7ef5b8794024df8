import { expect, test } from "vitest";
import { axisWeights } from "./weights.ts";

const axis = { source: 500, target: 224, start: 0, count: 224, interpolation: "bilinear" } as const;

test("the weights of an axis are made once, and are those of that axis alone", () => {
  const weights = axisWeights(axis);
  expect(axisWeights({ ...axis })).toBe(weights);
  for (const other of [
    { ...axis, interpolation: "bicubic" as const },
    { ...axis, source: 501 },
    { ...axis, target: 225 },
    { ...axis, start: 1, count: 223 },
    { ...axis, count: 223 },
  ])
    expect(axisWeights(other)).not.toEqual(weights);
  expect([...axisWeights({ ...axis, start: 3, count: 2 }).first]).toEqual([...weights.first.subarray(3, 5)]);
});

test("only those that were asked for last are kept, and none that are large", () => {
  const first = axisWeights({ ...axis, source: 999 });
  for (let source = 1; source <= 15; source++) axisWeights({ ...axis, source });
  expect(axisWeights({ ...axis, source: 999 })).toBe(first);
  for (let source = 1; source <= 16; source++) axisWeights({ ...axis, source });
  expect(axisWeights({ ...axis, source: 999 })).not.toBe(first);
  const large = { ...axis, source: 100_000 };
  const weights = axisWeights(large);
  expect(axisWeights(large) === weights).toBe(false);
});
