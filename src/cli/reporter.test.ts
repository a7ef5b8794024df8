import { expect, test } from "vitest";
import type { TrainingEvent } from "../training/index.ts";
import { stepBar } from "./reporter.ts";

const event = {
  ...{ type: "step", epoch: 3, step: 230, batch: 30, stepsPerEpoch: 100, loss: 0.5, lr: 0.001 },
  ...{ train: { loss: 0.1234, accuracy: 0.9876 }, imagesPerSecond: 1234, secondsLeft: 185 },
} as unknown as Extract<TrainingEvent, { type: "step" }>;

test.each([
  [120, "epoch 3 ███████░░░░░░░░░░░░░░░░░ 30/100 · loss 0.1234 · accuracy 98.76% · 1,234 images/s · 3:05 min left"],
  [99, "epoch 3 ████░░░░░░░░ 30/100 · loss 0.1234 · accuracy 98.76% · 1,234 images/s · 3:05 min left"],
  [79, "epoch 3 ████░░░░░░░░ 30/100 · loss 0.1234 · accuracy 98.76% · 3:05 min left"],
  [70, "epoch 3 30/100 · loss 0.1234 · accuracy 98.76% · 3:05 min left"],
  [50, "epoch 3 30/100 · loss 0.1234 · 3:05 min left"],
  [40, "epoch 3 30/100 · 3:05 min left"],
  [20, "3:05 min left"],
  [5, ""],
])("in %i columns the time that is left stays longest", (columns, line) => {
  expect(stepBar(event, columns)).toBe(line);
});
