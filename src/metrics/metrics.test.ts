import { describe, expect, test } from "vitest";
import {
  argmaxRows,
  confusionMatrix,
  crossEntropyRows,
  perClass,
  softmaxRows,
  topClasses,
  topKCorrect,
  wilsonInterval,
} from "./index.ts";

const logits = { data: [1, 2, 3, 3, 0, -1, 1000, 1000, 0], classes: 3 };

describe("rows of logits", () => {
  // torch 2.13: F.softmax and F.cross_entropy(reduction="none") in float64
  test("softmax", () => {
    const first = [0.0900305732, 0.244728471, 0.665240956];
    const second = [0.936239725, 0.0466126182, 0.0171476566];
    expect(softmaxRows(logits)).toBeAllclose([...first, ...second, 0.5, 0.5, 0], { rtol: 1e-8 });
  });
  test("cross entropy", () => {
    const expected = [0.407605964, 3.06588374, 0.693147181];
    expect(crossEntropyRows(logits, [2, 1, 0])).toBeAllclose(expected, { rtol: 1e-8 });
  });
  test("the first of equal classes wins", () => {
    expect([...argmaxRows(logits)]).toEqual([2, 0, 0]);
    expect(topClasses(logits, 2, 2)).toEqual([0, 1]);
    expect(topClasses({ data: [5, 1, 9, 1, 7, 3], classes: 3 }, 1, 3)).toEqual([1, 2, 0]);
  });
  test.each([
    [1, 1],
    [2, 2],
    [3, 3],
  ])("top %i: %i of 3 correct", (k, correct) => expect(topKCorrect(logits, [2, 2, 1], k)).toBe(correct));
  test("NaN is never correct", () => {
    expect(topKCorrect({ data: [Number.NaN, Number.NaN], classes: 2 }, [0], 1)).toBe(0);
  });
});

describe("classes", () => {
  const confusion = confusionMatrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 1], 3);
  test("confusion has a row for each true class", () =>
    expect(confusion).toEqual([
      [2, 1, 0],
      [1, 1, 0],
      [0, 1, 0],
    ]));
  test("precision, recall and F1; 0 for a class that is never predicted", () => {
    expect(perClass(confusion, ["a", "b", "c"])).toEqual([
      { class: "a", count: 3, precision: 2 / 3, recall: 2 / 3, f1: 4 / 6 },
      { class: "b", count: 2, precision: 1 / 3, recall: 1 / 2, f1: 2 / 5 },
      { class: "c", count: 1, precision: 0, recall: 0, f1: 0 },
    ]);
  });
});

describe("Wilson's interval", () => {
  // the textbook's example (Newcombe 1998): 81 of 263 → 0.2553 to 0.3662; 15 of 148 → 0.0624 to 0.1605; 0 of 20 → 0 to 0.1611
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
  ])("%i of %i", (correct, count, low, high) => {
    expect(wilsonInterval(correct, count)).toBeAllclose([low, high], { rtol: 0, atol: 5e-5 });
  });
  test("of nothing is everything", () => expect(wilsonInterval(0, 0)).toEqual([0, 1]));
});
