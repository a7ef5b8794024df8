/** What lists and comparisons of runs say, from accounts of them. */
import { describe, expect, test } from "vitest";
import type { RunAccount } from "./run-account.ts";
import { compareRuns, RUN_ORDERS, type RunLine, runLine } from "./run-list.ts";

const epoch = (number: number, accuracy: number, loss: number) => ({
  ...{ type: "epoch" as const, epoch: number, step: 5 * number, seconds: 2 * number },
  ...{ train: { accuracy: 1, loss: 0 }, val: { accuracy, loss } },
});
const setting = (value: unknown) => ({ value, from: "flag" });
const account = (more: Partial<RunAccount>): RunAccount => ({
  ...{ path: "/runs/one", name: "one", began: 0, settings: {}, records: [], summary: undefined, problems: [] },
  ...more,
});
const summary = {
  ...{ run: "/runs/two", id: "2", model: "resnet18", engine: "onnx", precision: "fp32" },
  ...{ epochs: 2, steps: 10, seconds: 61, imagesPerSecond: 123, dataWaitShare: 0, peakRssMiB: 1 },
  ...{ weightsSha256: "aa", dataSha256: "bb", classes: ["a", "b"] },
  best: { epoch: 1, accuracy: 0.75, loss: 0.6 },
  last: { accuracy: 0.5, loss: 0.7 },
  train: { accuracy: 1, loss: 0.1 },
};
const records = [epoch(1, 0.75, 0.6), epoch(2, 0.5, 0.7)];
const settings = { model: setting("mnist-cnn"), data: setting("digits"), epochs: setting(4) };

describe("a line", () => {
  test("of a run that goes on: its settings, and sums of its epochs", () => {
    const began = Date.UTC(2020, 1, 3, 4, 5, 6);
    expect(runLine(account({ settings, records, began, note: "a note" }), "here")).toEqual({
      ...{ run: "here", state: "unfinished", model: "mnist-cnn", data: "digits", epochs: 2, epochsAsked: 4, steps: 10 },
      ...{ best: { epoch: 1, accuracy: 0.75, loss: 0.6 }, last: { accuracy: 0.5, loss: 0.7 } },
      ...{ seconds: 6, began: "2020-02-03T04:05:06.000Z", problems: [], note: "a note" },
    });
  });

  test("of a run that has ended: what its summary says where records are gone", () => {
    expect(runLine(account({ summary, problems: ["No records."] }))).toEqual({
      ...{ run: "one", state: "finished", model: "resnet18", data: null, epochs: 0, epochsAsked: null, steps: 0 },
      ...{ best: summary.best, last: summary.last, seconds: 61, began: null, problems: ["No records."], note: "" },
    });
  });

  test("of a run of which hardly anything is known", () => {
    expect(runLine(account({ settings: { model: setting(3), epochs: setting("many") } }))).toMatchObject({
      ...{ state: "unfinished", model: null, epochsAsked: null, best: null, last: null, seconds: null },
    });
    const step = { type: "step" as const, epoch: 3, step: 11, loss: 1, lr: 1 };
    expect(runLine(account({ records: [...records, step], summary }))).toMatchObject({
      ...{ state: "unfinished", steps: 11, last: { accuracy: 0.5 } },
    });
  });
});

test("lists are sorted by each figure, and what is missing comes last", () => {
  const figures = {
    ...{ run: "run-10", began: "2020", best: { epoch: 1, accuracy: 0.5, loss: 1 }, epochs: 3, seconds: 9 },
  };
  const lines = [
    figures,
    { ...figures, run: "run-9", began: "2021", best: { epoch: 1, accuracy: 0.9, loss: 2 }, epochs: 1, seconds: 1 },
    { ...figures, run: "run-8", began: null, best: null, epochs: 2, seconds: null },
    { ...figures, run: "run-7", began: null, best: null, epochs: 0, seconds: null },
  ] as unknown as RunLine[];
  const sorted = Object.entries(RUN_ORDERS).map(([name, order]) => [
    name,
    lines.toSorted(order).map(({ run }) => run.slice(4)),
  ]);
  expect(Object.fromEntries(sorted)).toEqual({
    began: ["9", "10", "8", "7"],
    name: ["7", "8", "9", "10"],
    accuracy: ["9", "10", "8", "7"],
    loss: ["10", "9", "8", "7"],
    epochs: ["10", "8", "9", "7"],
    seconds: ["9", "10", "8", "7"],
  });
});

test("a comparison has the settings that differ, and the figures of each run", () => {
  const other = account({
    path: "/runs/two",
    summary,
    settings: { ...settings, epochs: setting(9), seed: setting(1) },
  });
  expect(compareRuns([account({ settings, records }), other])).toEqual({
    runs: ["/runs/one", "/runs/two"],
    settings: { epochs: [4, 9], seed: [null, 1] },
    results: {
      state: ["unfinished", "finished"],
      bestAccuracy: [0.75, 0.75],
      bestEpoch: [1, 1],
      bestLoss: [0.6, 0.6],
      lastAccuracy: [0.5, 0.5],
      lastLoss: [0.7, 0.7],
      epochs: [2, 0],
      steps: [10, 0],
      seconds: [6, 61],
      imagesPerSecond: [null, 123],
      engine: [null, "onnx"],
      dataSha256: [null, "bb"],
      weightsSha256: [null, "aa"],
    },
  });
});
