/** The main job on the real MNIST, through the real command line. */
import { rmSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import type { EvaluationReport, TrainSummary } from "../../src/training/index.ts";
import { emptyFolder, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test.skipIf(!process.env.OCELLI_DATA)("one epoch of MNIST with the defaults", () => {
  const summary = ocelliJson<TrainSummary>(cwd, ["train", "mnist", "--epochs", "1", "--out", "run"]);
  expect(summary).toMatchObject({ epochs: 1, steps: 938, classes: [..."0123456789"] });
  expect(summary.best?.accuracy).toBeGreaterThanOrEqual(0.975); // PyTorch's seed reaches 0.97 to 0.98
  const report = ocelliJson<EvaluationReport>(cwd, ["eval", "run", "mnist"]);
  expect(report).toMatchObject({ count: 10_000, accuracy: summary.best?.accuracy });
  expect(report.top5).toBeGreaterThan(0.999);
});
