/** Runs of earlier versions, which know no stages, go on as they did. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { bandData } from "../../../tests/bands.ts";
import { readPth, writePth } from "../../checkpoint/index.ts";
import { resolveConfig } from "../config.ts";
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

const parent = await mkdtemp(join(tmpdir(), "ocelli-older-"));
afterAll(() => rm(parent, { recursive: true }));
let count = 0;

/** 40 images in batches of 8: five steps an epoch. */
const data = bandData();
const settings = {
  ...{ batchSize: 8, epochs: 4, evalEvery: 0, engine: "onnx", threads: 1, learningRate: 0.01, schedule: "cosine" },
};

async function newRun(more: Record<string, unknown>) {
  const run = join(parent, `run-${count++}`);
  const config = resolveConfig([{ from: "flag", values: { ...settings, ...more } }]);
  return { run, summary: await train(config, { run, data }) };
}

/** Takes the entries away that earlier versions did not write. */
async function makeOlder(run: string): Promise<void> {
  const file = join(run, "last.pth");
  const { progress, ...entries } = Object.fromEntries((await readPth(file)) as Map<string, never>);
  const { stage, stages, epochsSinceBest, ...known } = JSON.parse(String(progress));
  expect([stage.number, stages.length, epochsSinceBest]).toEqual([1, 1, expect.any(Number)]);
  await writePth(file, { ...entries, progress: JSON.stringify(known) });
  const best = join(run, "best.pth");
  const { best_loss, epoch, data_sha256, ...weights } = Object.fromEntries((await readPth(best)) as Map<string, never>);
  expect([best_loss, epoch, data_sha256]).toEqual([expect.any(Number), expect.any(Number), data.dataHash]);
  await writePth(best, weights);
  const config = join(run, "config.json");
  const { emaWeights, transformInput, layerRates, views, ...older } = JSON.parse(await readFile(config, "utf8"));
  expect([emaWeights, transformInput, layerRates, views].map(({ from }) => from)).toEqual(Array(4).fill("default"));
  await writeFile(config, JSON.stringify(older));
}

const goOn = async (run: string, values: Record<string, unknown>) => {
  const plan = await planResume(run, { values, load: async () => data });
  return { plan, summary: await resume(plan) };
};

test("exactly, to the weights of a run that never stopped", async () => {
  const { summary: whole } = await newRun({});
  const { run } = await newRun({ maxSteps: 7 });
  await makeOlder(run);
  const { plan, summary } = await goOn(run, { maxSteps: 0 });
  expect(plan).toMatchObject({
    isNew: false,
    hasNewData: false,
    stage: { number: 1, epoch: 0, step: 0, from: "start" },
  });
  expect(summary).toMatchObject({ epochs: 4, steps: 20, weightsSha256: whole?.weightsSha256 });
});

test("or with a new stage, which follows the first one", async () => {
  const { run, summary: before } = await newRun({ epochs: 2 });
  await makeOlder(run);
  const { plan, summary } = await goOn(run, { epochs: 4, learningRate: 0.002 });
  expect(plan).toMatchObject({ isNew: true, stage: { number: 2, epoch: 2, step: 10, from: "best" } });
  expect(summary?.best?.accuracy).toBeGreaterThanOrEqual(before?.best?.accuracy ?? 2);
  const rates = (await readRecords(run)).flatMap((record) => (record.type === "step" ? [record.lr] : []));
  expect([rates.length, rates[10]]).toEqual([20, 0.002]);
  expect(stagesIn(JSON.parse(await readFile(join(run, "config.json"), "utf8")))).toMatchObject([
    { number: 1, epoch: 0, step: 0, from: "start", settings: { learningRate: 0.01 } },
    { number: 2, epoch: 2, step: 10, from: "best", settings: { learningRate: 0.002 } },
  ]);
});
