import { expect, test } from "vitest";
import { joinEvaluations, reportOf } from "./evaluate.ts";
import type { Evaluation } from "./network-trainer.ts";

function evaluationOf(rows: readonly (readonly number[])[], labels: readonly number[], correct: number): Evaluation {
  const count = labels.length;
  const logits = Float32Array.from(rows.flat());
  return { count, correct, accuracy: correct / count, loss: 0.25, logits, labels: Int32Array.from(labels) };
}

test("a report of three classes", () => {
  const rows = [
    [2, 1, 0],
    [0, 3, 1],
    [0, 1, 3],
    [5, 1, 0],
  ];
  const report = reportOf(evaluationOf(rows, [0, 1, 1, 0], 3), ["a", "b", "c"]);
  expect(report).toMatchObject({
    ...{ count: 4, accuracy: 0.75, loss: 0.25, top5: null },
    confusion: [
      [2, 0, 0],
      [0, 1, 1],
      [0, 0, 0],
    ],
    perClass: [
      { class: "a", count: 2, precision: 1, recall: 1, f1: 1 },
      { class: "b", count: 2, precision: 1, recall: 0.5, f1: 2 / 3 },
      { class: "c", count: 0, precision: 0, recall: 0, f1: 0 },
    ],
  });
  // Wilson 1927 at 3 of 4, z = 1.959964
  expect(report.accuracyInterval).toBeAllclose([0.300642, 0.954413], { rtol: 1e-5 });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test("with six classes and more, the first five count too", () => {
  const row = [6, 5, 4, 3, 2, 1];
  const report = reportOf(evaluationOf([row, row], [5, 4], 0), [..."abcdef"]);
  expect(report.top5).toBe(0.5);
  expect(report.top5Interval).toEqual([expect.closeTo(0.0945, 4), expect.closeTo(0.9055, 4)]); // Wilson's of 1 in 2
});

test("evaluations of parts are one of the whole", () => {
  const first = { ...evaluationOf([[0, 1, 0]], [1], 1), loss: 0.5 };
  const rows = [
    [2, 0, 0],
    [0, 0, 3],
  ];
  const whole = joinEvaluations([first, { ...evaluationOf(rows, [0, 1], 1), loss: 2 }]);
  expect(whole).toMatchObject({ count: 3, correct: 2, accuracy: 2 / 3, loss: 1.5, labels: Int32Array.of(1, 0, 1) });
  expect(whole.logits).toEqual(Float32Array.of(0, 1, 0, 2, 0, 0, 0, 0, 3));
});
