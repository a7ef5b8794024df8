import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { perClass } from "../metrics/index.ts";
import { checkAnswersFile, fileAnswers, writeAnswers } from "./answers-file.ts";
import { absentNote, confusionText } from "./evaluation-text.ts";
import { progressLine } from "./progress-line.ts";

const report = (confusion: number[][], names: readonly string[]) => ({
  confusion,
  perClass: perClass(confusion, names),
});

test("a matrix of the classes that occur", () => {
  const confusion = [
    [3, 1, 0],
    [0, 0, 0],
    [0, 2, 10],
  ];
  expect(confusionText(report(confusion, ["ants", "bees", "cats"]))).toBe(
    [
      "confusion matrix",
      "true \\ predicted  ants  bees  cats",
      "ants                 3     1     0",
      "cats                 0     2    10",
    ].join("\n"),
  );
  expect(absentNote(report(confusion, ["ants", "bees", "cats"]))).toBe(
    'There is no image of "bees" of the model\'s 3 classes.',
  );
});

test("of many classes the most frequent confusions, of equal ones the first", () => {
  const names = Array.from({ length: 60 }, (_, at) => `class ${at}`);
  const confusion = names.map((_, truth) => names.map((__, taken) => (truth === taken ? 4 : 0)));
  for (const [truth, taken, count] of [
    [7, 3, 1],
    [59, 0, 6],
    [2, 3, 1],
  ] as const)
    (confusion[truth] as number[])[taken] = count;
  expect(confusionText(report(confusion, names)).split("\n")).toEqual([
    "all confusions",
    "class     taken for  images  of the class",
    "class 59  class 0         6  60.00%",
    "class 2   class 3         1  20.00%",
    "class 7   class 3         1  20.00%",
  ]);
  expect(absentNote(report(confusion, names))).toBeUndefined();
});

const folder = mkdtemp(join(tmpdir(), "ocelli-answers-"));
afterAll(async () => rm(await folder, { recursive: true }));

test("answers as CSV and as JSON lines", async () => {
  const evaluation = { logits: Float32Array.of(0, 0, 0, Math.log(3)), labels: Int32Array.of(0, 0) };
  const answers = fileAnswers(['a "b", c.png', null], evaluation, ["x,y", "z"]);
  const [csv, lines] = [join(await folder, "a.csv"), join(await folder, "a.jsonl")];
  await writeAnswers(csv, answers);
  await writeAnswers(lines, answers);
  const [header, first, second] = (await readFile(csv, "utf8")).split("\n");
  expect(header).toBe("file,class,predicted,probability,correct");
  expect(first).toBe('"a ""b"", c.png","x,y","x,y",0.5,true');
  expect(second).toMatch(/^,"x,y",z,0\.7\d+,false$/);
  expect(
    (await readFile(lines, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { file: 'a "b", c.png', class: "x,y", predicted: "x,y", probability: 0.5, correct: true },
    { file: null, class: "x,y", predicted: "z", probability: expect.closeTo(0.75, 6), correct: false },
  ]);
});

test("a file of answers that cannot be written is told before the work", async () => {
  await expect(checkAnswersFile("answers.txt")).rejects.toThrow("name ends with .csv or .jsonl");
  await expect(checkAnswersFile(join(await folder, "none", "a.csv"))).rejects.toThrow("there is no folder");
  await expect(checkAnswersFile(join(await folder, "a.csv"))).resolves.toBeUndefined();
});

test("progress is for terminals, no wider than they are, and taken away", () => {
  const written: string[] = [];
  const output = { isTTY: true, columns: 20, write: (text: string) => written.push(text) };
  const line = progressLine("evaluating", 2000, output);
  line.show(1000);
  line.end();
  expect(written).toEqual(["\r\x1b[2Kevaluating ████████", "\r\x1b[2K"]);
  progressLine("evaluating", 2000, { ...output, isTTY: false }).show(1);
  expect(written).toHaveLength(2);
});
