import { expect, test } from "vitest";
import { calibrationOf } from "./index.ts";

/** Logits of two classes whose probabilities are p and 1 − p. */
const answers = (...shares: readonly number[]) => ({
  data: shares.flatMap((share) => [Math.log(share), Math.log(1 - share)]),
  classes: 2,
});

test("bins of ten, worked by hand", () => {
  // answers of 0.55, 0.55 (one right), 0.85 (wrong), 0.95, 0.95, 0.95 (all right)
  const { bins, error } = calibrationOf(
    answers(0.55, 0.45, 0.85, 0.95, 0.95, 0.05),
    Int32Array.of(0, 0, 1, 0, 0, 1),
    10,
  );
  expect(bins.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 2, 0, 0, 1, 3]);
  expect(bins[5]).toEqual({ low: 0.5, high: 0.6, count: 2, confidence: expect.closeTo(0.55), accuracy: 0.5 });
  expect(bins[8]).toMatchObject({ confidence: expect.closeTo(0.85), accuracy: 0 });
  expect(error).toBeCloseTo((2 * 0.05 + 0.85 + 3 * 0.05) / 6, 10);
});

test("sure and right is 0, sure and wrong is 1", () => {
  const sure = { data: [1000, 0, 1000, 0], classes: 2 };
  expect(calibrationOf(sure, [0, 0])).toMatchObject({ error: 0 });
  expect(calibrationOf(sure, [1, 1])).toMatchObject({ error: 1 });
  expect(calibrationOf(sure, [1, 1]).bins.at(-1)?.count).toBe(2);
});

test("what is not a number is left out; of nothing the error is 0", () => {
  expect(calibrationOf({ data: [Number.NaN, Number.NaN], classes: 2 }, [0])).toMatchObject({ error: 0 });
  expect(calibrationOf({ data: [], classes: 2 }, [])).toMatchObject({ error: 0 });
});

test("a probability on the edge of two bins is of the lower one: low < p ≤ high", () => {
  const { bins } = calibrationOf({ data: [0, 0, Math.log(3), 0], classes: 2 }, [0, 0], 4); // 0.5 and 0.75 exactly
  expect(bins.map(({ count }) => count)).toEqual([0, 1, 1, 0]);
  expect(bins[1]).toEqual({ low: 0.25, high: 0.5, count: 1, confidence: 0.5, accuracy: 1 });
});
