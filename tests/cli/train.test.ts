/** Training, resuming and using a network through the real command line, on digits that ocelli draws and on a few bands. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RankedClass, TrainSummary } from "../../src/training/index.ts";
import { writeBandFolder } from "../bands.ts";
import { emptyFolder, interrupted, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Two short epochs: 12,000 digits in batches of 400. */
const SHORT = ["--batch-size", "400", "--epochs", "2", "--eval-every", "0"];
const digits = (out: string, ...more: string[]): string[] => ["train", "digits", ...SHORT, "--out", out, ...more];

/** Two epochs of five steps, for runs that are only compared. */
const bands = (out: string, ...more: string[]): string[] => [
  ...["train", "bands", "--batch-size", "8", "--epochs", "2", "--eval-every", "0", "--out", out, ...more],
];

/** Two epochs of sixty steps, for runs that are stopped in one. */
const many = (out: string, ...more: string[]): string[] => [
  ...["train", "many", "--batch-size", "40", "--epochs", "2", "--eval-every", "0", "--out", out, ...more],
];

let first: TrainSummary;
let short: TrainSummary;
let whole: TrainSummary;
beforeAll(() => {
  writeBandFolder(join(cwd, "bands"));
  writeBandFolder(join(cwd, "many"), {}, { train: 2400 });
  first = ocelliJson<TrainSummary>(cwd, digits("first"));
  short = ocelliJson<TrainSummary>(cwd, bands("short"));
  whole = ocelliJson<TrainSummary>(cwd, many("whole"));
});

test("a run prints its summary and leaves a whole folder", () => {
  expect(JSON.parse(readFileSync(join(cwd, "first/summary.json"), "utf8"))).toEqual(first);
  expect(Object.keys(first)).toEqual(
    expect.arrayContaining(
      "run model engine precision epochs steps seconds imagesPerSecond dataWaitShare peakRssMiB best last train weightsSha256 classes".split(
        " ",
      ),
    ),
  );
  const engine = expect.stringMatching(/^(onnx|onednn)$/); // whichever is the fastest here
  expect(first).toMatchObject({ model: "mnist-cnn", engine, epochs: 2, steps: 60, classes: [..."0123456789"] });
  expect(first.best?.accuracy).toBeGreaterThan(0.85); // 0.922 when this was written
  expect(readdirSync(join(cwd, "first")).toSorted()).toEqual(
    "batch.png best.pth config.json confusion.png curves.png last.pth log.txt metrics.jsonl predictions.jsonl predictions.png report.html summary.json".split(
      " ",
    ),
  );
  const records = readFileSync(join(cwd, "first/metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records.map(({ type }) => type).filter((type) => type === "step")).toHaveLength(60);
  expect(records.at(-1)).toMatchObject({ type: "epoch", epoch: 2, step: 60, val: first.last, train: first.train });
  expect(JSON.parse(readFileSync(join(cwd, "first/config.json"), "utf8"))).toMatchObject({
    batchSize: { value: 400, from: "flag" },
    learningRate: { value: 0.001, from: "default" },
  });
});

test.each([0, 1])("the same seed gives the same weights, also from %i workers", (workers) => {
  const args = bands(`workers-${workers}`, "--workers", String(workers));
  expect(ocelliJson<TrainSummary>(cwd, args).weightsSha256).toBe(short.weightsSha256);
});

test("the same seed gives the same weights, also from 3 workers with many batches", () => {
  const args = many("workers-3", "--workers", "3");
  expect(ocelliJson<TrainSummary>(cwd, args).weightsSha256).toBe(whole.weightsSha256);
});

test("another seed gives other weights", () => {
  const other = ocelliJson<TrainSummary>(cwd, bands("seed", "--seed", "1"));
  expect(other.weightsSha256).not.toBe(short.weightsSha256);
});

test("a run that was killed in its second epoch goes on to the same weights", () => {
  const killed = interrupted(cwd, bands("killed"), [{ at: /^epoch 2, step/, signal: "SIGKILL" }]);
  expect(killed.signal).toBe("SIGKILL");
  expect(existsSync(join(cwd, "killed/summary.json"))).toBe(false);
  expect(ocelliJson<TrainSummary>(cwd, ["resume", "killed"])).toMatchObject({
    weightsSha256: short.weightsSha256,
    best: short.best,
    last: short.last,
    steps: 10,
  });
});

test("Ctrl-C finishes the step, saves, and says how to go on; the rest gives the same weights", () => {
  const { status, stdout, stderr } = interrupted(cwd, many("stopped", "--json"), [
    { at: /^epoch 1, step/, signal: "SIGINT" },
  ]);
  expect(stderr).toMatch(
    /Stopping after this step; once more leaves at once\.\nStopped after step \d+\. Go on with: ocelli resume stopped\n$/,
  );
  expect([status, stdout]).toEqual([130, ""]);
  expect(ocelliJson<TrainSummary>(cwd, ["resume", "stopped"]).weightsSha256).toBe(whole.weightsSha256);
});

test("a second Ctrl-C leaves at once; the run can still go on", () => {
  const { status, stderr } = interrupted(cwd, many("left"), [
    { at: /^epoch 2, step/, signal: "SIGINT" },
    { at: /Stopping after this step/, signal: "SIGINT" },
  ]);
  expect(status).toBe(130);
  expect(stderr).not.toContain("Go on with");
  expect(ocelliJson<TrainSummary>(cwd, ["resume", "left"]).weightsSha256).toBe(whole.weightsSha256);
});

test("a run that --max-steps ended within an epoch goes on to the same weights", () => {
  expect(ocelliJson<TrainSummary>(cwd, bands("part", "--max-steps", "7")).steps).toBe(7);
  expect(ocelliJson<TrainSummary>(cwd, ["resume", "part", "--max-steps", "0"]).weightsSha256).toBe(short.weightsSha256);
});

test("a loss that is not finite stops the run, the last good checkpoint kept", () => {
  const { status, stderr } = ocelli(cwd, many("burst", "--optimizer", "sgd", "--lr", "1e20", "--raw-pixels"));
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /error: step \d+: expected a finite loss but it is (NaN|Infinity), at a learning rate of 10{20}/,
  );
  expect(stderr).toMatch(/hint: Lower --lr/);
  expect(existsSync(join(cwd, "burst/last.pth"))).toBe(true);
  expect(existsSync(join(cwd, "burst/summary.json"))).toBe(false);
});

test("eval gives the run's own figures, from the folder and from its best.pth", () => {
  const fromRun = ocelliJson<{ count: number; accuracy: number; loss: number; confusion: number[][] }>(cwd, [
    "eval",
    "first",
    "digits",
  ]);
  expect(fromRun).toMatchObject({ count: 2000, accuracy: first.best?.accuracy });
  expect(fromRun.confusion.flat().reduce((a, b) => a + b)).toBe(2000);
  // other kernels may compute a batch of another size, so the mean of the losses may differ by float32's rounding
  const loss = expect.closeTo(fromRun.loss, 6);
  expect(ocelliJson(cwd, ["eval", "first/best.pth", "digits", "--batch-size", "33"])).toEqual({ ...fromRun, loss });
});

test("predict names the class; a bad file among good ones is told and passed over", async () => {
  const { loadDigits } = await import("../../src/data/index.ts");
  const { encodePng } = await import("../../src/image/index.ts");
  const { test: set } = loadDigits();
  const { image, label } = await set.sample(0, { epoch: 0, rng: undefined as never });
  const data = Uint8Array.from(image, (value) => Math.round(255 * value));
  const png = await encodePng({ width: 28, height: 28, channels: 1, data });
  writeFileSync(join(cwd, "a.png"), png);
  writeFileSync(join(cwd, "b.png"), "no picture");
  const { stdout, status } = ocelli(cwd, ["predict", "first", "a.png", "b.png", "*.png", "--json", "--top", "2"]);
  expect(status).toBe(1);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatchObject({ file: "a.png", top: [{ class: String(label), index: label }, {}] });
  expect(lines[1]).toMatchObject({ file: "b.png", error: expect.stringContaining("expected a JPEG") });
  const piped = ocelli(cwd, ["predict", "first", "-", "--json", "--logits"], { input: png });
  const ranked = lines[0].top.map((entry: RankedClass) => ({
    ...entry,
    probability: expect.closeTo(entry.probability, 6), // sums are added in another order than in a batch of four
  }));
  expect(JSON.parse(piped.stdout)).toMatchObject({
    file: "-",
    top: ranked.concat(expect.anything()),
    logits: expect.any(Array),
  });
});

test("what is there for looking around works", () => {
  const { models } = ocelliJson<{ models: { name: string; parameters: number }[] }>(cwd, ["models"]);
  expect(models).toContainEqual(expect.objectContaining({ name: "mnist-cnn", parameters: 28_938 }));
  expect(ocelliJson(cwd, ["doctor"])).toMatchObject({
    node: process.version,
    engines: expect.any(Array),
    automatic: first.engine,
    advice: expect.any(Array),
  });
  const bench = ["bench", "--steps", "2", "--batch-size", "8"];
  expect(ocelliJson(cwd, bench)).toMatchObject({
    model: "mnist-cnn",
    job: "train",
    batchSize: 8,
    steps: 2,
    medianMs: expect.any(Number),
  });
  expect(ocelliJson(cwd, digits("dry", "--dry-run"))).toMatchObject({ epochs: { value: 2, from: "flag" } });
  expect(existsSync(join(cwd, "dry"))).toBe(false);
  for (const command of ["", "train", "resume", "eval", "predict", "models", "doctor", "bench", "start"])
    expect(ocelli(cwd, [command, "--help"].filter(Boolean)).stdout, command).toContain("Examples:");
});

test("the network of a bare state dict has to be named", async () => {
  const { readPth, stateDictOf, writePth } = await import("../../src/checkpoint/index.ts");
  const weights = stateDictOf(await readPth(join(cwd, "first/best.pth")), "best.pth");
  await writePth(join(cwd, "bare.pth"), weights);
  const { status, stderr } = ocelli(cwd, ["eval", "bare.pth", "digits"]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("Name it with --model")]);
  const named = ocelliJson<{ accuracy: number }>(cwd, ["eval", "bare.pth", "digits", "--model", "mnist-cnn"]);
  expect(named.accuracy).toBe(first.best?.accuracy);
});

test("a run is resumed from its folder wherever that was moved", () => {
  cpSync(join(cwd, "short"), join(cwd, "moved"), { recursive: true });
  const more = ocelliJson<TrainSummary>(cwd, ["resume", "moved", "--epochs", "3"]);
  expect(more).toMatchObject({ run: "moved", epochs: 3, steps: 15 });
});
