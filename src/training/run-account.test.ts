import { expect, test } from "vitest";
import { bestRecord, recordsIn } from "./run-account.ts";

const epoch = (number: number, accuracy: number, loss = 1) => ({
  ...{ type: "epoch" as const, epoch: number, step: 5 * number, seconds: 1 },
  ...{ train: { accuracy: 1, loss }, val: { accuracy, loss } },
});

test("of equal accuracies the first is the best, whatever its loss, as best.pth is kept", () => {
  expect(bestRecord([epoch(1, 0.5), epoch(2, 0.75, 2), epoch(3, 0.75, 1), epoch(4, 0.7)])?.epoch).toBe(2);
  expect(bestRecord([])).toBeUndefined();
});

const step = (number: number) => ({ type: "step", epoch: 1, step: number, loss: 0.5, lr: 0.1 });
const linesOf = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

test("without steps, only the last record's step is read", () => {
  const [first, last] = [linesOf(step(1), step(2), epoch(1, 0.5)), linesOf(step(1), epoch(1, 0.5), step(7), step(8))];
  const read = (text: string, steps?: boolean) => recordsIn(text, [], { steps }).map(({ type, step }) => [type, step]);
  expect(read(first)).toEqual([
    ["step", 1],
    ["step", 2],
    ["epoch", 5],
  ]);
  expect(read(first, false)).toEqual([["epoch", 5]]);
  expect(read(last, false)).toEqual([
    ["epoch", 5],
    ["step", 8],
  ]);
  expect(read(`${last}{"type":"step",`, false)).toEqual([
    ["epoch", 5],
    ["step", 8],
  ]); // a line that is being written
  expect(read("")).toEqual([]);
});

test("what is no record is passed over and told; a loss that was not finite is none", () => {
  const problems: string[] = [];
  const text = linesOf({ ...step(1), loss: null }, { type: "later", epoch: 1 }, { ...step(2), lr: "high" }, 3, step(3));
  expect(recordsIn(text, problems)).toEqual([{ ...step(1), loss: Number.NaN }, step(3)]);
  expect(problems).toEqual([
    "2 lines (the first is line 3) of metrics.jsonl cannot be read and are passed over.",
    'metrics.jsonl has records of the type "later", which this version of ocelli does not know.',
  ]);
  const one: string[] = [];
  recordsIn(linesOf(step(1), "text"), one);
  expect(one).toEqual(["Line 2 of metrics.jsonl cannot be read and is passed over."]);
});
