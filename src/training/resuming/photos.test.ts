/** Runs on photos that moved, changed or were broken when the run goes on, and runs of earlier versions. */
import { rmSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadData } from "../../data/index.ts";
import { wavyPng } from "../../testing/photo-folders.ts";
import { configValues, resolveConfig } from "../config.ts";
import type { TrainingEvent } from "../events.ts";
import { dataOptions } from "../run-data.ts";
import { readRecords } from "../run-folder.ts";
import { resume, train } from "../train.ts";
import { planResume, type ResumeRequest } from "./plan.ts";

// a network so small that training takes no time
vi.mock("../../models/index.ts", async (original) => {
  const real = await original<typeof import("../../models/index.ts")>();
  const { flatten, linear, sequential } = await import("../../nn/index.ts");
  const build = ({ classes }: { classes: number }) => sequential(flatten, linear(3 * 32 * 32, classes));
  return { ...real, findModel: (name: string) => ({ ...real.findModel(name), build }) };
});

const parent = await mkdtemp(join(tmpdir(), "ocelli-moved-"));
afterAll(() => rm(parent, { recursive: true }));
const png: Uint8Array[] = [];
beforeAll(async () => {
  for (let seed = 0; seed < 14; seed++) png.push(await wavyPng(seed));
});
let count = 0;

/** Four photos to train and two to validate of each of two classes. */
async function newPhotos(): Promise<string> {
  const folder = join(parent, `photos-${count++}`);
  for (const [at, content] of png.slice(0, 12).entries()) {
    const inClass = join(folder, at < 8 ? "train" : "val", at % 2 === 0 ? "cats" : "dogs");
    await mkdir(inClass, { recursive: true });
    await writeFile(join(inClass, `${at}.png`), content);
  }
  return folder;
}

const settings = {
  ...{ model: "squeezenet1_1", weights: "none", size: 32, batchSize: 4, epochs: 2, evalEvery: 0, workers: 0 },
  ...{ engine: "onnx", threads: 1, optimizer: "sgd", learningRate: 0.001 },
};
const load: ResumeRequest["load"] = (config, marks) =>
  loadData(config.data.value, dataOptions(configValues(config), marks));

interface Listened {
  readonly notes: string[];
  readonly onEvent: (event: TrainingEvent) => void;
  readonly signal: AbortSignal;
}

function listen(until?: number): Listened {
  const controller = new AbortController();
  const notes: string[] = [];
  return {
    notes,
    signal: controller.signal,
    onEvent(event) {
      if (event.type === "note") notes.push(event.text);
      if (event.type === "step" && event.step === until) controller.abort();
    },
  };
}

/** Trains in a new folder; stopped after a step. */
async function trained(data: string, more: Record<string, unknown> = {}, until?: number) {
  const run = join(parent, `run-${count++}`);
  const config = resolveConfig([{ from: "flag", values: { ...settings, data, ...more } }]);
  return { run, summary: await train(config, { run, ...listen(until) }) };
}

async function goOn(run: string, values: Record<string, unknown> = {}) {
  const plan = await planResume(run, { values, load });
  const heard = listen();
  return { plan, notes: heard.notes, summary: await resume(plan, heard) };
}

test("photos that are replaced or removed while a run goes on are told, and the summary says so", async () => {
  const data = await newPhotos();
  const config = resolveConfig([{ from: "flag", values: { ...settings, data } }]);
  const heard = listen();
  const onEvent = (event: TrainingEvent): void => {
    heard.onEvent(event);
    if (event.type !== "step" || event.step !== 4) return;
    writeFileSync(join(data, "train/cats/0.png"), png[13] ?? "");
    rmSync(join(data, "val/dogs/9.png"));
  };
  const run = join(parent, `run-${count++}`);
  // the photos of validation stay decoded in memory, so that the run ends
  const summary = await train(config, { run, ...heard, onEvent });
  const first = "train/cats/0.png";
  expect(summary?.photosChanged).toEqual({ count: 2, first });
  expect(heard.notes.filter((text) => text.includes("changed while training"))).toEqual([
    `2 photos changed while training, such as "${first}": the hash of the data is that of the start.`,
  ]);
  expect((await trained(await newPhotos())).summary).not.toHaveProperty("photosChanged");
});

describe("a run whose photos are elsewhere", () => {
  test("goes on exactly where they are the same", async () => {
    const data = await newPhotos();
    const whole = await trained(data);
    const { run } = await trained(data, {}, 2);
    await rename(data, `${data} moved`);
    await expect(planResume(run, { load })).rejects.toMatchObject({ name: "UserError" });
    const { plan, summary } = await goOn(run, { data: `${data} moved` });
    expect(plan).toMatchObject({ isNew: false, hasNewData: false, notes: [] });
    expect(summary).toMatchObject({ epochs: 2, steps: 4, weightsSha256: whole.summary?.weightsSha256 });
    expect(JSON.parse(await readFile(join(run, "config.json"), "utf8")).data.value).toBe(`${data} moved`);
  });

  test("begins a new stage where they are others, and says which", async () => {
    const data = await newPhotos();
    const { run } = await trained(data);
    await writeFile(join(data, "train/dogs/new.png"), png[12] ?? "");
    await rm(join(data, "train/cats/0.png"));
    await writeFile(join(data, "val/dogs/9.png"), png[13] ?? "");
    await rename(join(data, "train/cats/2.png"), join(data, "train/dogs/2.png"));
    const { plan, notes, summary } = await goOn(run, { epochs: 3 });
    expect(plan).toMatchObject({ isNew: true, hasNewData: true, stage: { number: 2, epoch: 2, step: 4 } });
    const told =
      "The photos are not those of before: 2 added (train/dogs/2.png, train/dogs/new.png), 2 removed (train/cats/0.png, train/cats/2.png), 1 changed (val/dogs/9.png).";
    expect(plan.notes).toEqual(["What is new: data.", told]);
    expect(notes).toContain(told);
    expect(summary).toMatchObject({ epochs: 3, steps: 6 });
    // the list is now that of the new photos
    expect((await planResume(run, { values: { epochs: 4 }, load })).notes).toEqual([]);
  });

  test("is refused where their classes are others", async () => {
    const data = await newPhotos();
    const { run } = await trained(data);
    for (const part of ["train", "val"]) await rename(join(data, part, "dogs"), join(data, part, "eagles"));
    const before = await readdir(run);
    await expect(planResume(run, { values: { epochs: 3 }, load })).rejects.toMatchObject({
      name: "UserError",
      message: `"${run}": expected data of the classes cats, dogs but they have cats, eagles.`,
      hint: "Bring the old data back, or train a new run on the new data.",
    });
    expect(await readdir(run)).toEqual(before);
  });
});

describe("a broken photo stops a run, which names it", () => {
  async function broken() {
    const data = await newPhotos();
    const file = join(data, "train/dogs/3.png");
    await writeFile(file, (png[3] ?? new Uint8Array()).subarray(0, 300));
    const config = resolveConfig([{ from: "flag", values: { ...settings, data, epochs: 3 } }]);
    const run = join(parent, `run-${count++}`);
    await expect(train(config, { run })).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringContaining(file),
      hint: expect.stringMatching(/./),
    });
    return { data, file, run };
  }

  test("and goes on once it is mended", async () => {
    const { file, run } = await broken();
    await writeFile(file, png[3] ?? "");
    const { plan, summary } = await goOn(run);
    expect(summary).toMatchObject({ epochs: 3, steps: 6 });
    expect(plan.notes).toEqual([
      "What is new: data.",
      "The photos are not those of before: 1 changed (train/dogs/3.png).",
      "There are no best weights yet: the last ones are taken.",
    ]);
    const steps = (await readRecords(run)).filter(({ type }) => type === "step").map(({ step }) => step);
    expect(steps).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("or goes on without it", async () => {
    const { file, run } = await broken();
    await expect(goOn(run)).rejects.toThrow(file);
    const { plan, notes, summary } = await goOn(run, { badFiles: "skip" });
    expect(summary).toMatchObject({ epochs: 3, steps: 6 });
    expect(plan.data.train.length).toBe(7);
    expect(notes.join("\n")).toContain("1 removed (train/dogs/3.png)");
  });

  test.each([
    ["is cut off", (file: string) => writeFileSync(file, (png[3] ?? new Uint8Array()).subarray(0, 300))],
    ["is replaced by something else", (file: string) => writeFileSync(file, "no picture")],
    ["is deleted", (file: string) => rmSync(file)],
  ])(
    "also one that %s between two epochs, where bad files are skipped; the run goes on without it",
    async (_, harm) => {
      const data = await newPhotos();
      const file = join(data, "train/dogs/3.png");
      const values = { ...settings, data, epochs: 3, cache: "none", badFiles: "skip" };
      const run = join(parent, `run-${count++}`);
      const onEvent = (event: TrainingEvent): void => {
        if (event.type === "epoch" && event.epoch === 1) harm(file);
      };
      await expect(train(resolveConfig([{ from: "flag", values }]), { run, onEvent })).rejects.toMatchObject({
        name: "UserError",
        message: expect.stringContaining(file),
        hint: expect.stringMatching(/^[^\n]+$/),
      });
      const { plan, notes, summary } = await goOn(run);
      expect(plan).toMatchObject({ isNew: true, hasNewData: true, stage: { number: 2, epoch: 1, step: 2 } });
      expect(plan.data.train.length).toBe(7);
      expect(notes.join("\n")).toContain("1 removed (train/dogs/3.png)");
      expect(summary).toMatchObject({ epochs: 3, steps: 6 });
    },
  );
});
