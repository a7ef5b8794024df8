import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { float32Tensor, readPth, stateDictOf, writePth } from "../checkpoint/index.ts";
import { flatten, linear, sequential } from "../nn/index.ts";
import { adamw, type Optimizer, sgd } from "../optim/optimizer.ts";
import { type Progress, type RunFacts, readLast, writeBest, writeLast } from "./checkpoint.ts";
import { configValues, resolveConfig } from "./config.ts";
import type { Trainer } from "./network-trainer.ts";
import { FIRST_STAGE } from "./resuming/run-stage.ts";
import { openTrainer } from "./trainer.ts";

const folder = await mkdtemp(join(tmpdir(), "ocelli-checkpoint-"));
afterAll(() => rm(folder, { recursive: true }));
const open: Trainer[] = [];
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.close();
});

const config = resolveConfig([{ from: "flag", values: { epochs: 5, rawPixels: true } }]);
const facts: RunFacts = {
  config,
  classes: ["left", "right"],
  input: { kind: "pixels", inputShape: [1, 1, 2], rawPixels: true },
  options: {},
};
const fromStart = (): number => 0;
const progress: Progress = {
  ...{ epoch: 2, step: 5, batch: 1, seconds: 1.5, dataHash: "abc" },
  totals: { loss: 0.1 + 0.2, correct: 3, count: 4 },
  best: { epoch: 2, accuracy: 0.75, loss: 1 / 3 },
  schedule: { reductions: 1, best: 0.1, badEpochs: 2 },
  stage: FIRST_STAGE,
  stages: [{ freeze: "none", step: 0 }],
  epochsSinceBest: 1,
};

/** A trainer of two logits after `steps` steps. */
async function trained(optimizer: Optimizer, steps = 1): Promise<Trainer> {
  const network = sequential(flatten, linear(2, 2));
  const trainer = await openTrainer(network, { inputShape: [1, 1, 2], optimizer, engine: "reference" });
  open.push(trainer);
  const batch = { images: Float32Array.of(1, 2, 3, 5), labels: Int32Array.of(0, 1) };
  for (let step = 0; step < steps; step++) await trainer.train(batch);
  return trainer;
}

test.each([
  ["adamw", () => adamw()],
  ["sgd with momentum", () => sgd({ momentum: 0.9 })],
  ["sgd, which keeps nothing", () => sgd()],
])("last.pth gives back weights, progress and what the optimizer kept: %s", async (name, optimizer) => {
  const path = join(folder, `${name}.pth`);
  const trainer = await trained(optimizer(), 3);
  await writeLast(path, trainer, { ...facts, progress });
  const last = await readLast(path);
  expect(last.progress).toEqual(progress);
  expect(last.weights).toEqual(await trainer.weights());
  expect(last.slotsFor(await trained(optimizer(), 0), fromStart)).toEqual(await trainer.optimizerSlots());
});

test("before the first step there is no optimizer state to give back", async () => {
  const path = join(folder, "first.pth");
  const begin: Progress = { ...progress, epoch: 0, step: 0, batch: 0, best: null, schedule: null };
  await writeLast(path, await trained(adamw(), 0), { ...facts, progress: begin });
  const last = await readLast(path);
  expect([last.progress, last.slotsFor(await trained(adamw(), 0), fromStart)]).toEqual([begin, new Map()]);
});

test("both files hold what PyTorch and the network's users look for", async () => {
  const trainer = await trained(adamw());
  const best = { epoch: 2, accuracy: 0.75, loss: 0.5 };
  await writeBest(join(folder, "best.pth"), await trainer.weights(), {
    ...facts,
    ...{ best, dataHash: "f00d" },
  });
  await writeLast(join(folder, "last.pth"), trainer, { ...facts, progress });
  const [ofBest, ofLast] = await Promise.all(
    ["best.pth", "last.pth"].map(async (name) => (await readPth(join(folder, name))) as Map<string, unknown>),
  );
  const common = ["state_dict", "best_acc", "epoch", "model", "model_options", "classes", "preprocessing", "config"];
  expect(new Set(ofBest?.keys())).toEqual(new Set([...common, "best_loss", "data_sha256"]));
  expect(new Set(ofLast?.keys())).toEqual(new Set([...common, "optimizer", "progress"]));
  for (const entries of [ofBest, ofLast]) {
    expect([...stateDictOf(entries, "").keys()]).toEqual(["1.weight", "1.bias"]);
    expect([entries?.get("best_acc"), entries?.get("epoch"), entries?.get("classes")]).toEqual([
      0.75,
      2,
      facts.classes,
    ]);
    expect(Object.fromEntries(entries?.get("config") as Map<string, unknown>)).toEqual(configValues(config));
  }
});

test("what is not the last.pth of such a run is refused", async () => {
  const path = join(folder, "wrong.pth");
  const weights = new Map([["1.weight", float32Tensor([2, 2], [1, 2, 3, 4])]]);
  const refused = async () => {
    const trainer = await trained(adamw(), 0);
    return expect(readLast(path).then((last) => last.slotsFor(trainer, fromStart))).rejects;
  };
  for (const entry of [undefined, "no JSON", "{}", JSON.stringify({ ...progress, step: "5" })]) {
    await writePth(path, { state_dict: weights, ...(entry !== undefined && { progress: entry }) });
    await (await refused()).toThrow(`"${path}": expected the last.pth of a run but it does not say how far`);
  }
  await writePth(path, { state_dict: weights, progress: JSON.stringify(progress) });
  await (await refused()).toThrow(/expected the optimizer's state of every parameter but it lacks 1\.weight\.exp_avg,/);
});
