/** `--tensorboard` through the real command line, read by tests/tensorboard.ts. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "../../src/image/index.ts";
import type { MetricsRecord } from "../../src/metrics/index.ts";
import { writeBandFolder } from "../bands.ts";
import { type ReadEvents, readEvents } from "../tensorboard.ts";
import { emptyFolder, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const ARGS = ["train", "bands", "--batch-size", "8", "--engine", "onnx", "--lr", "0.01"];

beforeAll(() => {
  writeBandFolder(join(cwd, "bands"));
  ocelliJson(cwd, [...ARGS, "--out", "run", "--epochs", "2", "--tensorboard"]);
});

const records = (run: string): MetricsRecord[] =>
  readFileSync(join(cwd, run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The event files of a run, in the order in which they were begun. */
const eventsOf = (run: string): ReadEvents[] => {
  const folder = join(cwd, run, "tensorboard");
  return readdirSync(folder)
    .toSorted()
    .map((name) => readEvents(readFileSync(join(folder, name))));
};

/** The figures that a run's records have, as single precision. */
function expected(run: string, from = 0): Record<string, [number, number][]> {
  const found: Record<string, [number, number][]> = {};
  const add = (tag: string, step: number, value: number): void => {
    found[tag] = [...(found[tag] ?? []), [step, Math.fround(value)]];
  };
  for (const record of records(run).filter(({ step }) => from < step)) {
    if (record.type === "step") {
      add("step/loss", record.step, record.loss);
      add("step/learning rate", record.step, record.lr);
      continue;
    }
    if (record.type === "epoch") {
      add("loss/training", record.step, record.train.loss);
      add("accuracy/training", record.step, record.train.accuracy);
      add("epoch/seconds", record.step, record.seconds);
      if (record.dataWaitShare !== undefined) add("epoch/data wait share", record.step, record.dataWaitShare);
    }
    add("loss/validation", record.step, record.val.loss);
    add("accuracy/validation", record.step, record.val.accuracy);
  }
  return found;
}

const scalarsOf = ({ scalars }: ReadEvents): Record<string, [number, number][]> =>
  Object.fromEntries([...scalars].map(([tag, points]) => [tag, [...points]]));

test("all figures of a run, and its pictures", async () => {
  const [events, ...others] = eventsOf("run");
  if (!events) throw new Error("no event file");
  expect(others).toEqual([]);
  expect(events).toMatchObject({ version: "brain.Event:2", restarts: [] });
  expect(scalarsOf(events)).toEqual(expected("run"));
  expect([...events.images.keys()].toSorted()).toEqual(["batch", "confusion", "curves", "predictions"]);
  for (const { png, width, height } of events.images.values())
    expect(await decodeImage(png)).toMatchObject({ width, height });
});

test("resumed, a second file says from where on it holds", () => {
  const before = records("run").at(-1)?.step ?? 0;
  expect(ocelli(cwd, ["resume", "run", "--epochs", "3", "--tensorboard", "--json"]).status).toBe(0);
  const [, second] = eventsOf("run");
  if (!second) throw new Error("no second event file");
  expect(second.restarts).toEqual([before + 1]);
  expect(scalarsOf(second)).toEqual(expected("run", before));
});

test("a run that began without: its first file has what was before", () => {
  ocelliJson(cwd, [...ARGS, "--out", "late", "--epochs", "1"]);
  expect(readdirSync(join(cwd, "late"))).not.toContain("tensorboard");
  expect(ocelli(cwd, ["resume", "late", "--epochs", "2", "--tensorboard", "--json"]).status).toBe(0);
  const [events] = eventsOf("late");
  if (!events) throw new Error("no event file");
  expect(scalarsOf(events)).toEqual(expected("late"));
});
