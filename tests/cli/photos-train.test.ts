/**
 * Training on photos through the real command line: run folder, weights of a file, frozen layers, stopping and going on. Where
 * runs are only compared by their weights, the command line's flags are read here and the runs made in this process.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPth, type StateDict, stateDictOf } from "../../src/checkpoint/index.ts";
import { settingsOf, type TrainingFlags, trainingOptions } from "../../src/cli/training-options.ts";
import { encodePng } from "../../src/image/index.ts";
import { type FileTree, wavyImage, writeTree } from "../../src/testing/photo-folders.ts";
import { findRecipe, resolveConfig, type TrainSummary, train as trainRun } from "../../src/training/index.ts";
import { type Finished, ocelli, ocelliJson } from "./ocelli.ts";

/** Photos of classes that differ in brightness: `train` of the first for training and one fewer of each next; `val` of each. */
async function photosOf(folder: string, counts: { classes: number; train: number; val: number }): Promise<FileTree> {
  const files: Record<string, Uint8Array> = {};
  for (let label = 0; label < counts.classes; label++) {
    const inTraining = counts.train - label;
    for (let n = 0; n < inTraining + counts.val; n++) {
      const { data, ...image } = wavyImage(label * 100 + n);
      const light = 1 / (1 + 2 * label);
      const png = await encodePng({ ...image, data: data.map((value) => value * light) });
      files[`${folder}/${n < inTraining ? "train" : "val"}/light-${label}/${n}.png`] = png;
    }
  }
  return files;
}

let cwd: string;
let remove: () => Promise<void>;

const SMALL = ["--weights", "none", "--size", "32", "--batch-size", "4", "--workers", "0"];
const train = (data: string, out: string, ...more: string[]): string[] => [
  ...["train", data, "--out", out, ...SMALL, ...more],
];
/** The network with batch normalisation has large files; what needs none is done with a smaller one. */
const squeezenet = (data: string, out: string, ...more: string[]): string[] =>
  train(data, out, "--model", "squeezenet1_1", "--epochs", "2", ...more);

/** What `ocelli ARGS` for training comes to, without its pictures and its report. */
async function trained([, data = "", ...args]: readonly string[]): Promise<TrainSummary> {
  const command = trainingOptions(new Command().requiredOption("--out <folder>")).parse(args, { from: "user" });
  const { out, ...flags } = command.opts() as { out: string } & TrainingFlags;
  const values = { data: join(cwd, data), ...settingsOf(flags) };
  const layers = [
    { from: "recipe", values: findRecipe("photos").settings },
    { from: "flag", values },
  ] as const;
  const summary = await trainRun(resolveConfig(layers), { run: join(cwd, out) });
  if (!summary) throw new Error(`${out} was stopped`);
  return summary;
}

let first: TrainSummary;
let squeezed: TrainSummary;
/** Of three classes, with the first one's weights, all but the head frozen. */
let frozen: Finished;
beforeAll(async () => {
  const [two, three] = [
    await photosOf("two", { classes: 2, train: 6, val: 3 }),
    await photosOf("three", { classes: 3, train: 4, val: 2 }),
  ];
  ({ root: cwd, remove } = await writeTree({ ...two, ...three }));
  first = ocelliJson<TrainSummary>(cwd, train("two", "first", "--epochs", "2"));
  const args = ["--weights", "first/best.pth", "--freeze", "backbone", "--epochs", "1", "--json"];
  frozen = ocelli(cwd, train("three", "frozen", ...args));
  squeezed = ocelliJson<TrainSummary>(cwd, squeezenet("two", "squeezed", "--max-steps", "2"));
});
afterAll(() => remove());

async function weightsOf(file: string): Promise<StateDict> {
  return stateDictOf(await readPth(join(cwd, file)), file);
}

const isStatistic = (name: string): boolean => /\.(running_mean|running_var|num_batches_tracked)$/.test(name);

/** Names of the tensors that differ between two files. */
async function changed(file: string, other: string): Promise<string[]> {
  const [weights, others] = [await weightsOf(file), await weightsOf(other)];
  expect([...weights.keys()]).toEqual([...others.keys()]);
  return [...weights].flatMap(([name, { data }]) => {
    const values = others.get(name)?.data;
    return values?.length === data.length && data.every((value, at) => Object.is(value, values[at])) ? [] : [name];
  });
}

const HEAD = ["fc.weight", "fc.bias"];
const SQUEEZENET_HEAD = ["classifier.1.weight", "classifier.1.bias"];
const start = (): string[] => ["--weights", join(cwd, "squeezed/best.pth")];

interface Line {
  readonly type: string;
  readonly epoch: number;
  readonly val: { readonly accuracy: number; readonly loss: number };
}

/** What a run wrote down of its epochs. */
const epochsOf = (run: string): Line[] =>
  readFileSync(join(cwd, run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "epoch");

test("a run leaves a whole folder: weights, figures, pictures, and where its settings came from", () => {
  expect(readdirSync(join(cwd, "first")).toSorted()).toEqual([
    ...["batch.png", "best.pth", "config.json", "confusion.png", "curves.png", "last.pth", "log.txt"],
    ...["metrics.jsonl", "photos.jsonl", "predictions.jsonl", "predictions.png", "report.html", "summary.json"],
    "worst.png",
  ]);
  expect(JSON.parse(readFileSync(join(cwd, "first/summary.json"), "utf8"))).toEqual(first);
  expect(first).toMatchObject({ model: "resnet18", epochs: 2, steps: 6, classes: ["light-0", "light-1"] });
  expect(JSON.parse(readFileSync(join(cwd, "first/config.json"), "utf8"))).toMatchObject({
    ...{ model: { value: "resnet18", from: "recipe" }, optimizer: { value: "sgd", from: "recipe" } },
    ...{ augment: { value: "standard", from: "recipe" }, schedule: { value: "cosine", from: "recipe" } },
    ...{ epochs: { value: 2, from: "flag" }, size: { value: 32, from: "flag" }, seed: { value: 0, from: "default" } },
  });
});

test("eval and predict prepare photos as the run did, and so come to its accuracy", () => {
  const evaluation = ocelliJson(cwd, ["eval", "first/best.pth", "two", "--batch-size", "5"]);
  expect(evaluation).toMatchObject({ count: 6, accuracy: first.best?.accuracy });
  const { loss } = evaluation as { loss: number };
  expect(loss).toBeCloseTo(first.best?.loss ?? Number.NaN, 5); // sums are added in another order
  const answers = ocelli(cwd, ["predict", "first/best.pth", "two/val", "--format", "json"]).stdout.trim().split("\n");
  const right = answers.filter((line) => {
    const { file, top } = JSON.parse(line) as { file: string; top: { class: string }[] };
    return file.includes(top[0]?.class ?? "none");
  });
  expect([answers.length, right.length / 6]).toEqual([6, first.best?.accuracy]);
});

test("weights of other classes: the head is new, and that is said; a frozen backbone stays as it is", async () => {
  expect([frozen.status, JSON.parse(frozen.stdout)]).toMatchObject([0, { classes: ["light-0", "light-1", "light-2"] }]);
  expect(frozen.stderr).toMatch(/^weights of "first\/best\.pth": loaded \d+ of \d+ tensors$/m);
  expect(frozen.stderr).toMatch(/^new: fc\.weight \[3, 512\] \(was \[2, 512\]\), fc\.bias \[3\] \(was \[2\]\)$/m);
  expect(await changed("frozen/last.pth", "first/best.pth")).toEqual(HEAD);
});

test("--bn train changes the running statistics of a frozen backbone, and nothing else of it", async () => {
  const args = ["--weights", "first/best.pth", "--freeze", "backbone", "--bn", "train", "--max-steps", "1"];
  ocelliJson(cwd, train("three", "statistics", ...args));
  const names = await changed("statistics/last.pth", "first/best.pth");
  expect(names.filter((name) => !isStatistic(name))).toEqual(HEAD);
  expect(names.filter(isStatistic)).toEqual([...(await weightsOf("frozen/last.pth")).keys()].filter(isStatistic));
});

test("--unfreeze-at 2 trains the head alone in the first epoch, and all layers from the second on", async () => {
  const args = squeezenet("three", "unfrozen", ...start(), "--freeze", "backbone", "--unfreeze-at", "2");
  // 9 photos in batches of 4 make 2 steps, as a last batch of one joins the one before it
  expect(ocelliJson<TrainSummary>(cwd, [...args, "--max-steps", "2"]).steps).toBe(2);
  expect(await changed("unfrozen/last.pth", "squeezed/best.pth")).toEqual(SQUEEZENET_HEAD);
  const more = ocelli(cwd, ["resume", "unfrozen", "--max-steps", "0"]);
  expect(more.stderr).toContain("epoch 2: all layers are trained\n");
  const all = [...(await weightsOf("unfrozen/last.pth")).keys()];
  expect(await changed("unfrozen/last.pth", "squeezed/best.pth")).toEqual(all);
});

test("resume --unfreeze trains all layers from there on; the best accuracy so far is the one to beat", async () => {
  ocelliJson(cwd, squeezenet("three", "more", ...start(), "--freeze", "backbone", "--epochs", "1"));
  expect(await changed("more/last.pth", "squeezed/best.pth")).toEqual(SQUEEZENET_HEAD);
  const resumed = ocelliJson<TrainSummary>(cwd, ["resume", "more", "--unfreeze", "--lr", "0.0005", "--epochs", "3"]);
  expect(resumed).toMatchObject({ epochs: 3, steps: 6 });
  const all = [...(await weightsOf("more/last.pth")).keys()];
  expect(await changed("more/last.pth", "squeezed/best.pth")).toEqual(all);
  const epochs = epochsOf("more");
  expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  const most = Math.max(...epochs.map(({ val }) => val.accuracy));
  const best = epochs.find(({ val }) => val.accuracy === most);
  expect(resumed.best).toEqual({ epoch: best?.epoch, ...best?.val });
  expect(ocelliJson(cwd, ["eval", "more", "three"])).toMatchObject({ accuracy: most });
});

test("a run that was stopped within an epoch, after all layers were released, goes on to the same weights", async () => {
  const stages = ["--freeze", "features.9", "--unfreeze-at", "2", "--unfreeze-lr", "0.001"];
  const mixed = ["--ema", "0.9", "--accumulate", "2", "--mixup", "0.4", "--batch-size", "2"];
  const args = (out: string, ...more: string[]): string[] =>
    squeezenet("three", out, ...start(), ...stages, ...mixed, ...more);
  const whole = await trained(args("whole"));
  // 9 photos in batches of 2 make 4 batches and 2 steps
  expect((await trained(args("part", "--max-steps", "3"))).steps).toBe(3);
  const { weightsSha256, last, best, steps } = ocelliJson<TrainSummary>(cwd, ["resume", "part", "--max-steps", "0"]);
  expect({ weightsSha256, last, steps }).toEqual({ weightsSha256: whole.weightsSha256, last: whole.last, steps: 4 });
  // a stopped run is evaluated where it stops, and may have had its best there
  expect(best?.accuracy).toBeGreaterThanOrEqual(whole.best?.accuracy ?? 1);
});

test("threads that make batches change nothing of the weights", async () => {
  const hashes = new Set<string>();
  for (const workers of ["0", "1", "3"]) {
    const args = squeezenet("two", `workers-${workers}`, "--augment", "seed", "--max-steps", "3", "--workers", workers);
    hashes.add((await trained(args)).weightsSha256);
  }
  expect(hashes.size).toBe(1);
});

test("--patience ends a run that gets no better, and says so", () => {
  const run = ocelli(cwd, squeezenet("two", "tired", "--patience", "1", "--lr", "1e-9", "--epochs", "4", "--json"));
  expect(run.stderr).toContain("No better accuracy in 1 epoch: the run ends here.\n");
  expect(JSON.parse(run.stdout)).toMatchObject({ epochs: 2, best: { epoch: 1 } });
});

test.each([
  ["--sampling", "balanced"],
  ["--class-weights", "balanced"],
  ["--label-smoothing", "0.1"],
])("%s %s trains otherwise than without it", async (...flag) => {
  const run = await trained(squeezenet("two", flag.join(""), "--max-steps", "2", ...flag));
  expect(run).toMatchObject({ steps: 2, train: { loss: expect.any(Number), accuracy: expect.any(Number) } });
  expect(run.weightsSha256).not.toBe(squeezed.weightsSha256);
});

test("features of a frozen part change nothing, computed in each epoch, once, or for an earlier run", async () => {
  const frozenRun = async (out: string, ...more: string[]): Promise<string> => {
    const args = squeezenet("two", out, ...start(), "--freeze", "backbone", "--augment", "none", ...more);
    return (await trained(args)).weightsSha256;
  };
  const features = (): string[] => {
    const folder = join(process.env.OCELLI_CACHE ?? "", "features");
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const before = features().length;
  const never = await frozenRun("never", "--cache", "none");
  expect(await frozenRun("once", "--cache", "ram")).toBe(never);
  expect(features()).toHaveLength(before);
  expect(await frozenRun("kept", "--cache", "disk")).toBe(never);
  expect(features()).toHaveLength(before + 2); // of training and of validation
  expect(await frozenRun("again", "--cache", "disk")).toBe(never);
  expect(features()).toHaveLength(before + 2);
});

test("--views keeps so many augmented views of each photo", async () => {
  const run = async (out: string, ...more: string[]): Promise<string> =>
    (await trained(squeezenet("two", out, ...start(), "--freeze", "backbone", ...more))).weightsSha256;
  // two epochs see two views, which are those that they would have seen without a cache
  const twoViews = await run("views", "--views", "2");
  expect(twoViews).toBe(await run("no-views", "--cache", "none"));
  expect(await run("one-view", "--views", "1")).not.toBe(twoViews);
});
