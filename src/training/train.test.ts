import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { bandData } from "../../tests/bands.ts";
import { readPth, writePth } from "../checkpoint/index.ts";
import type { IdxData } from "../data/index.ts";
import type { StepRecord } from "../metrics/index.ts";
import { resolveConfig } from "./config.ts";
import type { TrainingEvent } from "./events.ts";
import { planResume } from "./resuming/plan.ts";
import { readRecords, readRunConfig } from "./run-folder.ts";
import { resume, train } from "./train.ts";

const disk = vi.hoisted(() => ({ fullFor: undefined as RegExp | undefined }));

// a disk that is full for some files: the only part of the system that is not the real one
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = async (path, flags) => {
    if (disk.fullFor?.test(String(path))) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    return real.open(path, flags);
  };
  return { ...real, open };
});
afterEach(() => {
  disk.fullFor = undefined;
});

// a network so small that the float64 engine trains it in no time
vi.mock("../models/index.ts", async (original) => {
  const real = await original<typeof import("../models/index.ts")>();
  const { flatten, linear, sequential } = await import("../nn/index.ts");
  const build = ({ classes }: { classes: number }) => sequential(flatten, linear(28 * 28, classes));
  return { ...real, findModel: (name: string) => ({ ...real.findModel(name), build }) };
});

// the float64 engine, with variables rounded to float32 after each step as checkpoints hold them
vi.mock("../engines/index.ts", async (original) => {
  const real = await original<typeof import("../engines/index.ts")>();
  const openEngine: typeof real.openEngine = async () => {
    const engine = await real.openEngine("reference");
    let last: Promise<unknown> = Promise.resolve();
    const compile: typeof engine.compile = async (program) => {
      const executable = await engine.compile(program);
      const run: typeof executable.run = (feeds) => {
        const results = last.then(async () => {
          const found = await executable.run(feeds);
          await engine.write(await engine.read());
          return found;
        });
        last = results.catch(() => {});
        return results;
      };
      return { ...executable, run };
    };
    return { ...engine, compile };
  };
  return { ...real, openEngine };
});

const parent = await mkdtemp(join(tmpdir(), "ocelli-train-"));
afterAll(() => rm(parent, { recursive: true }));
let count = 0;
const newRun = (): string => join(parent, `run-${count++}`);

/** 40 images in batches of 8: five steps an epoch. */
const data = bandData();
const STEPS_PER_EPOCH = 5;
const settings = { batchSize: 8, epochs: 3, evalEvery: 2, engine: "reference", learningRate: 0.003 };
const configOf = (more: Record<string, unknown> = {}) =>
  resolveConfig([{ from: "flag", values: { ...settings, ...more } }]);

interface Stopped {
  readonly run: string;
  readonly events: TrainingEvent[];
}

/** Trains until the step with that number is told, then asks to stop. */
async function trainUntil(step: number, more: Record<string, unknown> = {}): Promise<Stopped> {
  const run = newRun();
  const events: TrainingEvent[] = [];
  const controller = new AbortController();
  const onEvent = (event: TrainingEvent): void => {
    events.push(event);
    if (event.type === "step" && event.step === step) controller.abort();
  };
  expect(await train(configOf(more), { run, data, onEvent, signal: controller.signal })).toBeUndefined();
  return { run, events };
}

/** Goes on with a run under its own settings and `more`. */
const goOn = async (run: string, more: Record<string, unknown> = {}, on: IdxData = data) =>
  resume(await planResume(run, { values: more, load: async () => on }));

/** The records without the times. */
const recordsOf = async (run: string) =>
  (await readRecords(run)).map((record) => ({
    ...record,
    ...("seconds" in record && { seconds: 0, dataWaitShare: 0 }), // times differ
  }));

describe("a run that is stopped and resumed equals one that never stopped", () => {
  test.each([
    ["in the first epoch", 1, {}],
    ["in the second epoch, with momentum and a cosine", 7, { optimizer: "sgd", momentum: 0.9, schedule: "cosine" }],
    ["at the end of an epoch, with plateau", 5, { schedule: "plateau:0.5:0", learningRate: 0.05 }],
  ])("%s", async (_, step, more) => {
    const whole = newRun();
    const expected = await train(configOf(more), { run: whole, data });
    const { run, events } = await trainUntil(step, more);
    expect(events.at(-1)).toMatchObject({ type: "stopped", run });
    const resumed = await goOn(run);
    const { weightsSha256, best, last, train: training, steps, epochs } = expected ?? {};
    expect(resumed).toMatchObject({ weightsSha256, best, last, train: training, steps, epochs });
    expect(await recordsOf(run)).toEqual(await recordsOf(whole));
    expect(await readPth(join(run, "best.pth"))).toEqual(await readPth(join(whole, "best.pth")));
  });

  test("also where maxSteps ended it twice within epochs, with plateau", async () => {
    const more = { schedule: "plateau:0.5:0", learningRate: 0.05, evalEvery: 0 };
    const expected = await train(configOf(more), { run: newRun(), data });
    const run = newRun();
    const first = await train(configOf({ ...more, maxSteps: 3 }), { run, data });
    expect(first).toMatchObject({ steps: 3, epochs: 0, best: { epoch: 1 }, last: { loss: expect.any(Number) } });
    expect((await readRecords(run)).map(({ type }) => type)).toEqual(["step", "step", "step", "eval"]);
    expect(await goOn(run, { maxSteps: 8 })).toMatchObject({ steps: 8, epochs: 1 });
    expect(await goOn(run, { maxSteps: 0 })).toMatchObject({ steps: 15, weightsSha256: expected?.weightsSha256 });
    expect((await readRunConfig(run)).maxSteps).toEqual({ value: 0, from: "flag" });
    expect((await readRecords(run)).filter(({ type }) => type === "epoch")).toHaveLength(3);
  });
});

test("a run tells what happens in order, and writes the same down", async () => {
  const run = newRun();
  const events: TrainingEvent[] = [];
  const summary = await train(configOf({ schedule: "step:1:0.5" }), {
    run,
    data,
    onEvent: (event) => events.push(event),
  });
  expect(events[0]).toMatchObject({ type: "start", run, trainImages: 40, valImages: 15, stepsPerEpoch: 5, step: 0 });
  expect(events.at(-1)).toEqual({ type: "end", summary });
  const kinds = events.map(({ type }) => type).filter((type) => type !== "wait" && type !== "best");
  const epoch = (...types: string[]): string[] => types;
  expect(kinds).toEqual([
    "start",
    ...epoch("step", "step", "eval", "step", "step", "eval", "step", "epoch"),
    ...epoch("step", "eval", "step", "step", "eval", "step", "step", "epoch"), // of steps 6 to 10, 6 and 8 are even; 10 ends the epoch
    ...epoch("step", "step", "eval", "step", "step", "eval", "step", "epoch"),
    "end",
  ]);
  const records = await readRecords(run);
  const steps = records.filter((record): record is StepRecord => record.type === "step");
  expect(steps.map(({ step, epoch, lr }) => [step, epoch, lr])).toEqual(
    Array.from({ length: 15 }, (_, index) => {
      const at = Math.floor(index / STEPS_PER_EPOCH);
      return [index + 1, at + 1, 0.003 * 0.5 ** at];
    }),
  );
  expect(records.at(-1)).toMatchObject({
    type: "epoch",
    epoch: 3,
    step: 15,
    val: summary?.last,
    train: summary?.train,
  });
  expect(JSON.parse(await readFile(join(run, "summary.json"), "utf8"))).toEqual(summary);
  expect((await readdir(run)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

describe("a run that cannot start leaves no folder", () => {
  const small = bandData();
  const narrow: IdxData = { ...small, train: { ...small.train, shape: [1, 10, 10] } };
  test.each([
    [
      "images of another size",
      narrow,
      undefined,
      /bands: expected images of shape \[1, 28, 28\], which mnist-cnn takes, but they are \[1, 10, 10\]/,
    ],
    ["a disk full at once", data, /config\.json/, /config\.json": expected to write this file but the disk is full/],
    [
      "a disk full at the first checkpoint",
      data,
      /last\.pth/,
      /last\.pth": expected to write this file but the disk is full/,
    ],
  ])("%s", async (_, on, fullFor, message) => {
    disk.fullFor = fullFor;
    const run = join(newRun(), "deep");
    await expect(train(configOf(), { run, data: on })).rejects.toThrow(message);
    expect(await readdir(parent)).not.toContain(`run-${count - 1}`);
  });

  test("nor does it touch one that holds a run", async () => {
    const { run } = await trainUntil(1);
    const before = await readPth(join(run, "last.pth"));
    await expect(train(configOf(), { run, data })).rejects.toThrow("it holds a run already");
    expect(await readPth(join(run, "last.pth"))).toEqual(before);
  });
});

describe("what goes wrong on the way keeps the last good checkpoint", () => {
  /** The steps that the checkpoint of a run stands for. */
  async function stepOf(run: string): Promise<number> {
    const entries = (await readPth(join(run, "last.pth"))) as Map<string, string>;
    return JSON.parse(entries.get("progress") ?? "").step;
  }

  test("a loss that is not finite", async () => {
    const run = newRun();
    const failing = train(configOf({ optimizer: "sgd", learningRate: 1e40, evalEvery: 0 }), { run, data });
    await expect(failing).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(
        /^step 2: expected a finite loss but it is (NaN|Infinity), at a learning rate of 1e\+40\.$/,
      ),
      hint: "Lower --lr (try a tenth), or scale the pixels; the last good checkpoint was kept.",
    });
    expect(await stepOf(run)).toBe(0);
    expect((await readRecords(run)).map(({ step }) => step)).toEqual([1]);
    expect(await readdir(run)).not.toContain("best.pth");
  });

  test("a validation loss that is not finite, after steps whose losses were", async () => {
    const run = newRun();
    const config = configOf({ optimizer: "sgd", learningRate: 1e40, batchSize: 40 });
    await expect(train(config, { run, data })).rejects.toThrow(
      /^step 1: expected a finite validation loss but it is (NaN|Infinity), at a learning rate of 1e\+40\.$/,
    );
    expect(await stepOf(run)).toBe(0);
    expect(await readdir(run)).not.toContain("best.pth");
    const { epochs, steps } = (await goOn(run, { learningRate: 0.001 })) ?? {};
    expect([epochs, steps]).toEqual([3, 3]);
  });

  test("a full disk", async () => {
    const run = newRun();
    const onEvent = ({ type }: TrainingEvent): void => {
      if (type === "epoch") disk.fullFor = /last\.pth/;
    };
    await expect(train(configOf(), { run, data, onEvent })).rejects.toThrow(/last\.pth": .+ but the disk is full/);
    expect(await stepOf(run)).toBe(0);
    disk.fullFor = undefined;
    expect(await goOn(run)).toMatchObject({ epochs: 3, steps: 15 });
  });
});

describe("a run is not resumed", () => {
  test("if nothing is left to do, or the data have other classes", async () => {
    const run = newRun();
    await train(configOf({ epochs: 2, maxSteps: 7 }), { run, data });
    const refused = (more: Record<string, unknown>, on?: IdxData) => expect(goOn(run, more, on)).rejects;
    await refused({}).toMatchObject({
      message: `"${run}": expected steps to be left but 7 of at most 7 are done.`,
      hint: "Give more with --max-steps 8 or higher, or 0 for no limit.",
    });
    await refused({ maxSteps: 0, epochs: 1 }).toMatchObject({
      message: `"${run}": expected epochs to be left but 1 are done and 1 are asked for.`,
      hint: "Give more with --epochs 2 or higher.",
    });
    const others: IdxData = { ...bandData({ train: 48 }), train: { ...data.train, classes: ["a", "b", "c"] } };
    await refused({ maxSteps: 0 }, others).toThrow(
      `"${run}": expected data of the classes top, middle, bottom but they have a, b, c.`,
    );
    expect((await readRunConfig(run)).maxSteps.value).toBe(7); // a refused resume changes nothing
  });

  test("if its checkpoint is missing, damaged or no checkpoint", async () => {
    const { run } = await trainUntil(2);
    const last = join(run, "last.pth");
    const whole = await readFile(last);
    await writeFile(last, whole.subarray(0, 5000));
    await expect(goOn(run)).rejects.toThrow(/last\.pth": expected a .pth file but/);
    await writePth(last, { state_dict: (await readPth(join(run, "best.pth"))) as never });
    await expect(goOn(run)).rejects.toMatchObject({ name: "UserError" });
    await rm(last);
    await expect(goOn(run)).rejects.toMatchObject({
      message: `"${run}": expected the folder of a run that has begun but it has no last.pth.`,
      hint: "Delete the folder and train again.",
    });
  });
});

test("another learning rate holds from there on", async () => {
  const { run } = await trainUntil(2, { evalEvery: 0 });
  const done = (await readRecords(run)).length;
  await goOn(run, { learningRate: 0.5e-3, epochs: 1 });
  const rates = (await readRecords(run)).flatMap((record) => (record.type === "step" ? [record.lr] : []));
  expect(rates).toEqual(rates.map((_, index) => (index < done ? 0.003 : 0.5e-3)));
});
