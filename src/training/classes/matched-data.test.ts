import { expect, test } from "vitest";
import { batches, tensorDataset } from "../../data/index.ts";
import { evaluationOf } from "../step-results.ts";
import { possibleMatches } from "./match-classes.ts";
import { dataByOutputs, decideMatch, labelledByOutputs } from "./matched-data.ts";

/** Logits of `classes` that say each of `answers`. */
const logitsOf = (answers: readonly number[], classes: number): Float32Array =>
  Float32Array.from(answers.flatMap((answer) => Array.from({ length: classes }, (_, at) => (at === answer ? 9 : 0))));

const model = { file: "net.pth", classes: ["a", "b", "c"], unnamed: false };

test("an evaluation with the model's outputs for labels", () => {
  const raw = evaluationOf(logitsOf([2, 2, 0], 3), Int32Array.of(0, 0, 1));
  const [match] = possibleMatches(model, ["c", "a"]);
  if (!match) throw new Error("no match");
  const { labels, correct, accuracy, loss } = labelledByOutputs(raw, match);
  expect([...labels]).toEqual([2, 2, 0]);
  expect({ correct, accuracy }).toEqual({ correct: 3, accuracy: 1 });
  expect(loss).toBeCloseTo(Math.log(1 + 2 * Math.exp(-9)), 9);
});

test("a data set in another order: its batches, labels and classes are the model's", async () => {
  const shape = [1, 1, 1] as const;
  const test = tensorDataset({ images: Float32Array.of(5, 6, 7), labels: [0, 1, 2], shape, classes: ["c", "a", "b"] });
  const data = dataByOutputs({ train: test, test }, model);
  expect(data.test.classes).toEqual(["a", "b", "c"]);
  for await (const { images, labels } of batches(data.test, { batchSize: 3, workers: 2 })) {
    expect([...labels]).toEqual([2, 0, 1]);
    expect([...images]).toEqual([5, 6, 7]);
  }
  const same = { train: data.test, test: data.test };
  expect(dataByOutputs(same, model)).toBe(same);
});

const bare = (count: number) => ({
  file: "bare.pth",
  classes: Array.from({ length: count }, (_, place) => String(place)),
  unnamed: true,
});

test.each([
  ["text", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ["number", [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]],
] as const)("answers in the order of %s decide for it, which is said", (order, outputs) => {
  const own = bare(12);
  const labels = Int32Array.from({ length: 36 }, (_, row) => row % 12);
  const raw = evaluationOf(
    logitsOf(
      Array.from(labels, (label) => outputs[label] ?? 0),
      12,
    ),
    labels,
  );
  const match = decideMatch(possibleMatches(own, own.classes.toSorted()), raw, own);
  expect(match.outputs).toEqual(outputs);
  expect(match.notes.join(" ")).toContain(`In ${order} order 36 of 36 answers are right`);
  expect(labelledByOutputs(raw, match).accuracy).toBe(1);
});

test("answers that fit neither order decide nothing, but for ImageNet's number of classes", () => {
  const [few, many] = [bare(12), bare(1000)];
  const wrong = (count: number) => evaluationOf(logitsOf([3], count), Int32Array.of(0));
  expect(() => decideMatch(possibleMatches(few, few.classes.toSorted()), wrong(12), few)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("--class-order text") }),
  );
  expect(decideMatch(possibleMatches(many, many.classes.toSorted()), wrong(1000), many).order).toBe("number");
});
