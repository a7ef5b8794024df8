/** What a run that goes on remembers: rates by closed forms, plateau, patience and moving averages. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { bandData } from "../../../tests/bands.ts";
import { readBest, readLast } from "../checkpoint.ts";
import { configValues, resolveConfig } from "../config.ts";
import type { TrainingEvent } from "../events.ts";
import { readRecords } from "../run-folder.ts";
import { resume, train } from "../train.ts";
import { planResume } from "./plan.ts";

// two small layers, of which the first, "1", can be frozen
vi.mock("../../models/index.ts", async (original) => {
  const real = await original<typeof import("../../models/index.ts")>();
  const { flatten, linear, sequential } = await import("../../nn/index.ts");
  const build = ({ classes }: { classes: number }) => sequential(flatten, linear(28 * 28, 4), linear(4, classes));
  return { ...real, findModel: (name: string) => ({ ...real.findModel(name), build }) };
});

const parent = await mkdtemp(join(tmpdir(), "ocelli-continued-"));
afterAll(() => rm(parent, { recursive: true }));
let count = 0;

/** 40 images in batches of 8: five steps an epoch. */
const data = bandData();
const settings = {
  ...{ batchSize: 8, epochs: 2, evalEvery: 0, engine: "onnx", threads: 1, optimizer: "sgd", learningRate: 0.01 },
};

/** Hears a run and asks it to stop after a step; after its start for 0. */
function stopAfter(step: number | undefined) {
  const controller = new AbortController();
  const notes: string[] = [];
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === "note") notes.push(event.text);
    if ((event.type === "step" || event.type === "start") && event.step === step) controller.abort();
  };
  return { onEvent, signal: controller.signal, notes };
}

async function newRun(more: Record<string, unknown> = {}, until?: number): Promise<string> {
  const run = join(parent, `run-${count++}`);
  const config = resolveConfig([{ from: "flag", values: { ...settings, ...more } }]);
  await train(config, { run, data, ...stopAfter(until) });
  return run;
}

async function goOn(run: string, values: Record<string, unknown> = {}, until?: number, from?: "best" | "last") {
  const plan = await planResume(run, { values, from, load: async () => data });
  const stop = stopAfter(until);
  const summary = await resume(plan, stop);
  return { plan, summary, notes: stop.notes };
}

const ratesOf = async (run: string): Promise<number[]> =>
  (await readRecords(run)).flatMap((record) => (record.type === "step" ? [record.lr] : []));
const lossesOf = async (run: string): Promise<number[]> =>
  (await readRecords(run)).flatMap((record) => (record.type === "step" ? [record.loss] : []));
const cosine = (rate: number, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => (rate * (1 + Math.cos((Math.PI * step) / steps))) / 2);
const EXACT = { rtol: 1e-12, atol: 0 };

describe("a new stage after a past unfreezing, with a cosine", () => {
  const before = { freeze: "1", unfreezeAt: 2, unfreezeLearningRate: 0.002, schedule: "cosine" };
  const first = cosine(0.01, 10).map((rate, step) => (step < 5 ? rate : rate / 5));

  test.each([
    ["another rate", { learningRate: 0.004 }, 0.004, "none"],
    ["another rate and frozen layers", { learningRate: 0.003, freeze: "1" }, 0.003, "1"],
    ["frozen layers alone, at the rate of the unfreezing", { freeze: "1" }, 0.002, "1"],
    ["more epochs alone, at the rate of the unfreezing", {}, 0.002, "none"],
  ])("%s", async (_, values, rate, freeze) => {
    const run = await newRun(before);
    const start = await readBest(join(run, "best.pth"));
    const { notes } = await goOn(run, { ...values, epochs: 5 });
    const rates = await ratesOf(run);
    expect(rates).toBeAllclose([...first, ...cosine(rate, 15)], EXACT);
    expect([rates[10], rates[24]]).toBeAllclose([rate, (rate * (1 + Math.cos((Math.PI * 14) / 15))) / 2], EXACT);
    expect(notes.at(-1)).toContain(
      freeze === "none"
        ? `all layers at a learning rate of ${rate},`
        : `the layers after 1 at a learning rate of ${rate},`,
    );
    const last = await readLast(join(run, "last.pth"));
    const isSame = (name: string): boolean =>
      JSON.stringify(last.weights.get(name)?.data) === JSON.stringify(start.weights.get(name)?.data);
    expect([isSame("1.weight"), isSame("2.weight")]).toEqual([freeze === "1", false]);
  });
});

test("training all layers from now on leaves no unfreezing for later", async () => {
  const run = await newRun({ freeze: "1", unfreezeAt: 3, unfreezeLearningRate: 0.002, epochs: 4 }, 5);
  const { plan } = await goOn(run, { freeze: "none" }, 0);
  const { freeze, unfreezeAt, unfreezeLearningRate } = configValues(plan.config);
  expect([plan.isNew, freeze, unfreezeAt, unfreezeLearningRate]).toEqual([true, "none", 0, 0]);
});

test("a new stage's Adam corrects its moments from its own first step, which is the rate in every direction", async () => {
  const run = await newRun();
  const before = (await readBest(join(run, "best.pth"))).weights.get("2.bias")?.data ?? [];
  await goOn(run, { optimizer: "adam", learningRate: 0.001, epochs: 3, maxSteps: 11 });
  const { weights, progress } = await readLast(join(run, "last.pth"));
  expect(progress.step).toBe(11);
  const after = weights.get("2.bias")?.data ?? [];
  const steps = Array.from({ length: after.length }, (_, index) =>
    Math.abs(Number(after[index]) - Number(before[index])),
  );
  expect(steps).toBeAllclose(Array(steps.length).fill(0.001), { rtol: 1e-3, atol: 0 });
  expect(steps.length).toBeGreaterThan(1);
});

test("--from best and --from last begin with other weights where the last epoch made everything worse", async () => {
  for (const from of ["best", "last"] as const) {
    const run = await newRun({ epochs: 1 });
    await goOn(run, { epochs: 2, learningRate: 5 });
    const [best, last] = [await readBest(join(run, "best.pth")), await readLast(join(run, "last.pth"))];
    expect(best.epoch).toBe(1);
    const expected = (from === "best" ? best : last).weights.get("1.weight");
    expect(best.weights.get("1.weight")).not.toEqual(last.weights.get("1.weight"));
    // a rate at which no float changes
    await goOn(run, { epochs: 3, learningRate: 1e-30 }, undefined, from);
    expect((await readLast(join(run, "last.pth"))).weights.get("1.weight")).toEqual(expected);
    const losses = (await lossesOf(run)).slice(10);
    // the best weights are those after the first epoch, the last ones are far off
    expect(losses.every((loss) => (from === "best" ? loss < 2 : 10 < loss))).toBe(true);
  }
});

describe("a run that is stopped remembers", () => {
  // a rate at which the loss changes by less than plateau's threshold
  const still = { learningRate: 1e-6, epochs: 7 };

  test.each([10, 13])("plateau's epochs, stopped after step %i", async (step) => {
    const run = await newRun({ ...still, schedule: "plateau:0.5:1" }, step);
    // the step under way is done, within an epoch
    expect(await ratesOf(run)).toHaveLength(step % 5 === 0 ? step : step + 1);
    await goOn(run);
    // the first epoch is the best; every second one after it is one too many
    const rates = [1, 1, 1, 0.5, 0.5, 0.25, 0.25].flatMap((factor) => Array<number>(5).fill(1e-6 * factor));
    expect(await ratesOf(run)).toBeAllclose(rates, EXACT);
  });

  test.each([12, 15])("the epochs since the best, stopped after step %i", async (step) => {
    const run = await newRun({ ...still, patience: 3 }, step);
    const { summary, notes } = await goOn(run);
    expect(summary).toMatchObject({ epochs: 4, steps: 20, best: { epoch: 1 } });
    expect(notes).toContain("No better accuracy in 3 epochs: the run ends here.");
    await expect(planResume(run, { load: async () => data })).rejects.toMatchObject({
      message: `"${run}": expected patience to be left but the run ended after 3 epochs without a better accuracy.`,
      hint: "Give more with --patience 4 or higher, or 0 to wait for ever.",
    });
  });

  test("the warm-up of the moving averages, stopped after each step; a new stage has one of its own", async () => {
    const DECAY = 0.25; // reached by the second step of (1 + n) / (10 + n)
    const run = await newRun({ averageDecay: DECAY, epochs: 3, learningRate: 0.1 }, 0);
    const file = join(run, "last.pth");
    const read = async () => {
      const { weights, averages } = await readLast(file);
      return [weights, averages].map((state) => Array.from(state.get("2.weight")?.data ?? [], Number)) as [
        number[],
        number[],
      ];
    };
    let average = (await read())[0];
    expect([(await readLast(file)).progress.step, (await read())[1]]).toEqual([0, average]);
    const follow = async (from: number, to: number): Promise<void> => {
      for (let step = from + 1; step <= to; step++) {
        await goOn(run, { maxSteps: step, ...(0 < from && { learningRate: 0.05 }) });
        const [now, averages] = await read();
        const taken = step - from;
        const decay = Math.min(DECAY, (1 + taken) / (10 + taken));
        average = average.map((value, at) => decay * value + (1 - decay) * (now[at] ?? Number.NaN));
        expect(averages).toBeAllclose(average, { rtol: 1e-5, atol: 1e-7 });
      }
    };
    await follow(0, 5);
    average = Array.from((await readBest(join(run, "best.pth"))).weights.get("2.weight")?.data ?? [], Number);
    await follow(5, 9);
  });
});
