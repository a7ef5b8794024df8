import { expect, test } from "vitest";
import { bestRecord } from "./run-account.ts";

const epoch = (number: number, accuracy: number, loss = 1) => ({
  ...{ type: "epoch" as const, epoch: number, step: number, seconds: 1 },
  ...{ train: { accuracy: 1, loss }, val: { accuracy, loss } },
});

test("of equal accuracies the first is the best, whatever its loss, as best.pth is kept", () => {
  expect(bestRecord([epoch(1, 0.5), epoch(2, 0.75, 2), epoch(3, 0.75, 1), epoch(4, 0.7)])?.epoch).toBe(2);
  expect(bestRecord([])).toBeUndefined();
});
