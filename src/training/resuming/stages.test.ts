/** What another rate, other layers or other data make of a run that goes on: a stage of its own. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { bandData } from "../../../tests/bands.ts";
import type { IdxData } from "../../data/index.ts";
import { readBest } from "../checkpoint.ts";
import { resolveConfig } from "../config.ts";
import type { TrainingEvent } from "../events.ts";
import { readRecords } from "../run-folder.ts";
import { resume, train } from "../train.ts";
import { planResume } from "./plan.ts";
import { stagesIn } from "./run-stage.ts";

// a network so small that training takes no time
vi.mock("../../models/index.ts", async (original) => {
  const real = await original<typeof import("../../models/index.ts")>();
  const { flatten, linear, sequential } = await import("../../nn/index.ts");
  const build = ({ classes }: { classes: number }) => sequential(flatten, linear(28 * 28, classes));
  return { ...real, findModel: (name: string) => ({ ...real.findModel(name), build }) };
});

const parent = await mkdtemp(join(tmpdir(), "ocelli-stages-"));
afterAll(() => rm(parent, { recursive: true }));
let count = 0;

/** 40 images in batches of 8: five steps an epoch. */
const data = bandData();
const settings = {
  batchSize: 8,
  epochs: 2,
  evalEvery: 0,
  engine: "onnx",
  threads: 1,
  learningRate: 0.01,
  optimizer: "sgd",
};

async function newRun(more: Record<string, unknown> = {}): Promise<string> {
  const run = join(parent, `run-${count++}`);
  await train(resolveConfig([{ from: "flag", values: { ...settings, ...more } }]), { run, data });
  return run;
}

interface Continuation {
  readonly from?: "best" | "last";
  readonly on?: IdxData;
  /** The step after which it is asked to stop. */
  readonly until?: number;
}

async function goOn(run: string, values: Record<string, unknown>, { from, on = data, until }: Continuation = {}) {
  const plan = await planResume(run, { values, from, load: async () => on });
  const controller = new AbortController();
  const notes: string[] = [];
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === "note") notes.push(event.text);
    if (event.type === "step" && event.step === until) controller.abort();
  };
  const summary = await resume(plan, { onEvent, signal: controller.signal });
  return { plan, notes, summary };
}

const ratesOf = async (run: string): Promise<number[]> =>
  (await readRecords(run)).flatMap((record) => (record.type === "step" ? [record.lr] : []));
const cosine = (rate: number, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => (rate * (1 + Math.cos((Math.PI * step) / steps))) / 2);

describe("a new stage", () => {
  test("has a cosine of its own from its first epoch to the last, at the rate asked for", async () => {
    const run = await newRun({ schedule: "cosine" });
    const { plan, notes, summary } = await goOn(run, { learningRate: 0.002, epochs: 5 });
    expect(plan.stage).toEqual({ number: 2, epoch: 2, step: 10, from: "best" });
    expect(await ratesOf(run)).toBeAllclose([...cosine(0.01, 10), ...cosine(0.002, 15)], { rtol: 1e-12, atol: 0 });
    expect(summary).toMatchObject({ epochs: 5, steps: 25 });
    expect(notes.at(-1)).toMatch(
      /^Stage 2 begins with epoch 3: all layers at a learning rate of 0.002, then by cosine until epoch 5; from the best weights \(epoch \d, accuracy [\d.]+%\), with a new optimizer\.$/,
    );
  });

  test("is what more epochs are where the schedule depends on them, and not otherwise", async () => {
    for (const [schedule, isNew] of [
      ...[
        ["none", false],
        ["step:2:0.5", false],
        ["multistep:1,3:0.5", false],
        ["plateau:0.5:3", false],
      ],
      ...[
        ["cosine", true],
        ["onecycle", true],
      ],
    ] as [string, boolean][]) {
      const run = await newRun({ schedule });
      const plan = await planResume(run, { values: { epochs: 4 }, load: async () => data });
      expect(plan.isNew, schedule).toBe(isNew);
    }
    const bent = await newRun({ schedule: "cosine" });
    const notesOf = async (values: Record<string, unknown>) =>
      (await planResume(bent, { values, load: async () => data })).notes[0];
    expect(await notesOf({ epochs: 4 })).toBe(
      "What is new: epochs 4 instead of 2, on which the rates of cosine depend.",
    );
    expect(await notesOf({ epochs: 4, learningRate: 0.02 })).toBe("What is new: learningRate 0.02 instead of 0.01.");
    const run = await newRun({ schedule: "step:2:0.5" });
    await goOn(run, { epochs: 4 });
    expect(await ratesOf(run)).toBeAllclose([...Array(10).fill(0.01), ...Array(10).fill(0.005)]);
  });

  test("is gone on with exactly after a stop, by the same command too", async () => {
    const [whole, stopped] = [await newRun(), await newRun()];
    const values = { learningRate: 0.003, epochs: 5, schedule: "cosine", optimizer: "adam" };
    const expected = await goOn(whole, values);
    expect((await goOn(stopped, values, { until: 18 })).summary).toBeUndefined();
    const second = await goOn(stopped, values);
    expect(second.plan).toMatchObject({ isNew: false, stage: { number: 2, epoch: 2, step: 10 } });
    expect(second.notes.at(-1)).toMatch(
      /^Going on exactly where last.pth left stage 2: all layers at a learning rate of /,
    );
    expect(second.summary?.weightsSha256).toBe(expected.summary?.weightsSha256);
    expect(second.summary?.best).toEqual(expected.summary?.best);
    const stages = stagesIn(JSON.parse(await readFile(join(stopped, "config.json"), "utf8")));
    expect(stages).toMatchObject([
      { number: 1, epoch: 0, step: 0, from: "start", settings: { learningRate: 0.01, optimizer: "sgd" } },
      { number: 2, epoch: 2, step: 10, from: "best", settings: { learningRate: 0.003, optimizer: "adam" } },
    ]);
  });

  test("is what other data make, whose best is measured anew; other classes are refused", async () => {
    const run = await newRun();
    const on = bandData({ train: 48, test: 12 });
    const { plan, summary } = await goOn(run, { epochs: 3 }, { on });
    expect(plan).toMatchObject({ isNew: true, hasNewData: true });
    expect(plan.notes).toEqual(["What is new: data.", "The data are not those of before: bands."]);
    expect(summary).toMatchObject({ epochs: 3, steps: 10 + 6, dataSha256: "bands 48 12" });
    const first = (await readRecords(run)).find(({ step, type }) => type === "eval" && step === 10);
    expect(first).toMatchObject({ epoch: 2 });
    expect((await readBest(join(run, "best.pth"))).dataHash).toBe("bands 48 12");
  });

  test.each([
    ["seed", 3, 0],
    ["transformInput", "yes", "auto"],
    ["emaWeights", true, false],
  ])("cannot change what the network is or sees: %s", async (name, value, begun) => {
    const run = await newRun();
    await expect(planResume(run, { values: { [name]: value, epochs: 9 }, load: async () => data })).rejects.toThrow(
      `"${run}", ${name}: expected ${begun}, with which the run began, but got ${value}.`,
    );
  });
});

test("the best weights' file says the settings that they were trained with", async () => {
  const run = await newRun({ epochs: 1 });
  await goOn(run, { epochs: 2, learningRate: 50 });
  const { config, epoch } = await readBest(join(run, "best.pth"));
  expect([epoch, config.learningRate, config.epochs]).toEqual([1, 0.01, 1]);
});
