import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrainingEvent } from "./events.ts";
import { isAtWork, openProgress, PROGRESS_FILE, type RunProgress, readProgress } from "./run-progress.ts";

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), "ocelli-progress-"));
});
afterAll(() => rm(run, { recursive: true }));

const start: TrainingEvent = {
  type: "start",
  ...{ run: "r", model: "m", parameters: 1, engine: "onnx", source: "s" },
  ...{ trainImages: 100, valImages: 10, epochs: 3, stepsPerEpoch: 10, step: 12 },
};

test("a run that begins tells where it is, and takes the file away at its end", async () => {
  const progress = openProgress(run);
  progress.hear({ type: "note", text: "nothing has begun" });
  progress.hear(start);
  await expect.poll(() => readProgress(run)).toBeDefined();
  expect(await readProgress(run)).toMatchObject({
    ...{ pid: process.pid, host: hostname(), epoch: 2, epochs: 3, batch: 2, step: 12, stepsPerEpoch: 10 },
    ...{ train: null, secondsLeft: null, imagesPerSecond: null, doing: null, isTrained: false },
  });
  const train = { loss: 0.5, accuracy: 0.75 };
  progress.hear({
    ...{ type: "step", epoch: 2, batch: 3, stepsPerEpoch: 10, step: 13, loss: 0.4, learningRate: 0.1, train },
    ...{ secondsLeft: 8, imagesPerSecond: 20 },
  });
  await expect.poll(() => readProgress(run)).toMatchObject({ batch: 3, step: 13, train, secondsLeft: 8 });
  progress.hear({ type: "wait", what: "Evaluating", done: 4, total: 10 });
  await expect.poll(() => readProgress(run)).toMatchObject({ doing: { what: "Evaluating", done: 4, total: 10 } });
  await progress.close();
  expect(await readdir(run)).toEqual([]);
});

test("one that did not begin, as another process is at the run, leaves that one's file", async () => {
  await writeFile(join(run, PROGRESS_FILE), "theirs");
  const progress = openProgress(run);
  progress.hear({ type: "note", text: "nothing has begun" });
  await progress.close();
  expect(await readdir(run)).toEqual([PROGRESS_FILE]);
  await rm(join(run, PROGRESS_FILE));
});

test("a process is at work if it is there and wrote lately", () => {
  const base = { pid: process.pid, host: hostname(), written: 1_000_000 } as RunProgress;
  expect(isAtWork(base, 1_010_000)).toBe(true);
  expect(isAtWork(base, 1_100_000)).toBe(false);
  expect(isAtWork({ ...base, pid: 2 ** 22 + 1 }, 1_010_000)).toBe(false); // above the largest id of Linux
  expect(isAtWork({ ...base, pid: 2 ** 22 + 1, host: "another machine" }, 1_010_000)).toBe(true);
});

test("a file that is half-written or of another form tells nothing", async () => {
  for (const text of ['{"pid": 1', "[]", '{"pid":"x"}']) {
    await writeFile(join(run, PROGRESS_FILE), text);
    expect(await readProgress(run)).toBeUndefined();
  }
});
