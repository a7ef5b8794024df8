import { expect, test } from "vitest";
import { evaluationOf } from "../training/step-results.ts";
import { exampleOrder } from "./run-pictures.ts";

test("the surest mistake first, then right answers in the order of the data set", () => {
  // taken for 1 surely, right, taken for 0 hardly, taken for 1 as surely as the first, right
  const logits = Float32Array.of(0, 4, 3, 0, 0.5, 0, 0, 4, 0, 1);
  expect(exampleOrder(evaluationOf(logits, Int32Array.of(0, 0, 1, 0, 1)), 2)).toEqual([0, 3, 2, 1, 4]);
});

test("no more than twelve mistakes of 24 pictures", () => {
  const wrong = Array.from({ length: 20 }, (_, at) => [0, 1 + at / 10]);
  const right = Array.from({ length: 30 }, () => [9, 0]);
  const logits = Float32Array.from([...wrong, ...right].flat());
  const order = exampleOrder(evaluationOf(logits, new Int32Array(50)), 2);
  expect(order.slice(0, 12)).toEqual([19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8]);
  expect(order).toHaveLength(24);
  expect(order.slice(12).every((index) => 20 <= index)).toBe(true);
});
