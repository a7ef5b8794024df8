/** Exported models through the real command line: what is in the files, and that they answer as the run does. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodePng } from "../../src/image/index.ts";
import { decodeModel, encodeModel } from "../../src/onnx/model.ts";
import { bandImages, writeBandFolder } from "../bands.ts";
import { emptyFolder, failingIn, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const SIZE = 28;
const COUNT = 6;
const { images } = bandImages(COUNT);

interface Report {
  readonly file: string;
  readonly bytes: number;
  readonly card: Record<string, unknown> & { accuracy: { value: number; count: number } | null };
  readonly difference: { pictures: number; generated: boolean; probabilities: number; sameClass: number } | null;
  readonly gain: { lostAccuracy: number | null; bytesFp32: number } | null;
}

let run: { best: { accuracy: number }; dataSha256: string; id: string; weightsSha256: string };
let exported: Report;

beforeAll(async () => {
  writeBandFolder(join(cwd, "bands"));
  run = ocelliJson(cwd, [
    "train",
    "bands",
    "--out",
    "run",
    "--epochs",
    "2",
    "--batch-size",
    "8",
    "--lr",
    "0.01",
    "--engine",
    "onnx",
  ]);
  mkdirSync(join(cwd, "pictures"));
  for (let index = 0; index < COUNT; index++) {
    const data = images.slice(index * SIZE * SIZE, (index + 1) * SIZE * SIZE);
    const png = await encodePng({ width: SIZE, height: SIZE, channels: 1, data });
    writeFileSync(join(cwd, `pictures/${index}.png`), png);
  }
  exported = ocelliJson(cwd, ["export", "run"]);
});

interface Answer {
  readonly top: readonly { readonly index: number; readonly probability: number }[];
  readonly logits: readonly number[];
}

function answersOf(model: string): Answer[] {
  const { stdout, stderr, status } = ocelli(cwd, ["predict", model, "pictures", "--json", "--logits"]);
  expect(status, stderr).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("raw pixels in plain ONNX Runtime give what the run gives, for any number of them", async () => {
  expect(exported.difference).toMatchObject({ pictures: 15, generated: false, sameClass: 15 });
  expect(exported.difference?.probabilities).toBeLessThan(1e-4);
  const session = await InferenceSession.create(join(cwd, "run.onnx"));
  expect(session.inputNames).toEqual(["pixels"]);
  expect(session.outputNames).toEqual(["probabilities", "logits"]);
  const expected = answersOf("run");
  for (const count of [1, COUNT]) {
    const pixels = new Tensor("uint8", images.slice(0, count * SIZE * SIZE), [count, SIZE, SIZE, 1]);
    const { probabilities, logits } = await session.run({ pixels });
    expect(logits?.data as Float32Array).toBeAllclose(
      expected.slice(0, count).flatMap((answer) => answer.logits),
      { rtol: 1e-4, atol: 1e-4 },
    );
    const first = expected.slice(0, count).map(({ top }) => top[0]);
    first.forEach((entry, row) => {
      const probability = Number(probabilities?.data[row * 3 + (entry?.index ?? 0)]);
      expect(Math.abs(probability - (entry?.probability ?? 0))).toBeLessThan(1e-4);
    });
  }
  await session.release();
});

test("predict and eval take the file as they take the run", () => {
  const [ofFile, ofRun] = [answersOf("run.onnx"), answersOf("run")];
  expect(ofFile.map(({ top }) => top[0]?.index)).toEqual(ofRun.map(({ top }) => top[0]?.index));
  expect(ofFile.flatMap(({ logits }) => logits)).toBeAllclose(
    ofRun.flatMap(({ logits }) => logits),
    { rtol: 1e-4, atol: 1e-4 },
  );
  const [file, folder] = ["run.onnx", "run"].map((model) =>
    ocelliJson<{ accuracy: number; confusion: number[][] }>(cwd, ["eval", model, "bands"]),
  );
  expect(file).toMatchObject({ accuracy: folder?.accuracy, confusion: folder?.confusion });
});

test("the card says data, accuracy, recipe, seed, version and licence; also in the file's own texts", () => {
  const card = ocelliJson<Report["card"]>(cwd, ["card", "run.onnx"]);
  expect(card).toMatchObject({
    model: "mnist-cnn",
    classes: ["0", "1", "2"],
    precision: "fp32",
    data: { name: "bands", sha256: run.dataSha256, counts: { train: [14, 13, 13], val: [5, 5, 5] } },
    accuracy: { value: run.best.accuracy, count: 15 },
    recipe: { epochs: 2, learningRate: 0.01 },
    seed: 0,
    run: run.id,
    weights: { start: "none", licence: expect.stringMatching(/from scratch/) },
  });
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(card.ocelli).toBe(version);
  expect(exported.card).toEqual(card);
  const { metadata } = decodeModel(readFileSync(join(cwd, "run.onnx")), "run.onnx");
  expect(JSON.parse(metadata?.classes ?? "")).toEqual(["0", "1", "2"]);
  const { stdout } = ocelli(cwd, ["card", "run.onnx"]);
  expect(stdout).toMatch(/^model +mnist-cnn, fp32, written by ocelli/);
  expect(stdout).toMatch(/trained on +40 pictures: 0 14, 1 13, 2 13\n/);
  expect(stdout).toMatch(/accuracy +\d+\.\d\d% of 15 validation pictures \(95% interval/);
  expect(ocelliJson(cwd, ["card", "run"])).toEqual(card);
  expect(ocelliJson<Report>(cwd, ["export", "run/best.pth", "--out", "best.onnx"]).card).toEqual(card);
});

test("fp16 and int8 say what they lose and gain, and are models as well", () => {
  for (const [precision, share] of [
    ["fp16", 0.55],
    ["int8", 0.35],
  ] as const) {
    const { stdout } = ocelli(cwd, ["export", "run", "--precision", precision]);
    expect(stdout).toMatch(/accuracy \d+\.\d\d% of 15, fp32 \d+\.\d\d%: -?\d+\.\d\d points lost\n/);
    expect(stdout).toMatch(/size .+, fp32 .+: \d+\.\d\d%\n/);
    expect(stdout).toMatch(/times as fast\n$/);
    const file = `run-${precision}.onnx`;
    expect(statSync(join(cwd, file)).size / exported.bytes).toBeLessThan(share);
    const card = ocelliJson<Report["card"]>(cwd, ["card", file]);
    expect(card).toMatchObject({ precision, accuracyFp32: { value: run.best.accuracy } });
    expect(ocelliJson(cwd, ["eval", file, "bands"])).toMatchObject({ accuracy: card.accuracy?.value });
  }
});

test("a .pth and a .safetensors hold the run's weights, and are models that know their classes", () => {
  for (const to of ["pth", "safetensors"]) {
    const report = ocelliJson<Report>(cwd, ["export", "run", "--to", to, "--out", `weights.${to}`]);
    expect(report).toMatchObject({ file: `weights.${to}`, bytes: statSync(join(cwd, `weights.${to}`)).size });
    expect(answersOf(`weights.${to}`)).toEqual(answersOf("run"));
    expect(ocelliJson(cwd, ["card", `weights.${to}`])).toEqual(exported.card);
  }
});

test("the same run gives the same bytes", () => {
  ocelliJson(cwd, ["export", "run", "--out", "again.onnx"]);
  expect(readFileSync(join(cwd, "again.onnx")).equals(readFileSync(join(cwd, "run.onnx")))).toBe(true);
});

test("data that are gone or changed are told, and generated pictures are compared", () => {
  writeBandFolder(join(cwd, "moved"));
  ocelliJson(cwd, ["train", "moved", "--out", "far", "--max-steps", "1", "--engine", "onnx"]);
  rmSync(join(cwd, "moved"), { recursive: true });
  const { stderr, stdout } = ocelli(cwd, ["export", "far"]);
  expect(stderr).toMatch(/^Left out of the card and the checks: data "moved": expected .+\n$/);
  expect(stdout).toMatch(/against the run on 32 generated pictures: same class for 32/);
  const { error, hint } = failingIn(cwd, ["export", "far", "--precision", "int8", "--out", "no.onnx"], 1, (args) => {
    const finished = ocelli(cwd, args);
    return { ...finished, stderr: finished.stderr.split("\n").slice(1).join("\n") }; // after the note
  });
  expect(error).toMatch(/--precision int8: expected the training pictures/);
  expect(hint).toMatch(/take fp16/);
});

test("a run that is half written, or of a newer version, is told or told of", () => {
  mkdirSync(join(cwd, "begun"));
  const config = readFileSync(join(cwd, "run/config.json"), "utf8");
  writeFileSync(join(cwd, "begun/config.json"), config);
  expect(failingIn(cwd, ["export", "begun"], 1).error).toBe(
    '"begun": expected a run with weights but there is neither a best.pth nor a last.pth in it.',
  );
  writeFileSync(join(cwd, "begun/best.pth"), readFileSync(join(cwd, "run/best.pth")).subarray(0, 1000));
  expect(failingIn(cwd, ["export", "begun"], 1).error).toMatch(/^"begun\/best\.pth": expected /);
  writeFileSync(join(cwd, "begun/best.pth"), readFileSync(join(cwd, "run/best.pth")));
  writeFileSync(
    join(cwd, "begun/config.json"),
    config.replace("{", '{ "attention": { "value": 1, "from": "default" },'),
  );
  const { stderr, status } = ocelli(cwd, ["export", "begun"]);
  expect(stderr).toMatch(/^Left out of the card and the checks: .*attention.* no setting is called so\.\n$/);
  expect(status).toBe(0);
});

test("what is no model of ocelli is refused with the reason", () => {
  writeFileSync(join(cwd, "text.onnx"), "no model");
  const foreign = { name: "x", nodes: [], initializers: [], inputs: [], outputs: [] };
  writeFileSync(join(cwd, "foreign.onnx"), encodeModel(foreign));
  writeFileSync(join(cwd, "short.onnx"), readFileSync(join(cwd, "run.onnx")).subarray(0, 60_000));
  const NO_CARD = '"foreign.onnx": expected a model that ocelli exported but there is no model card in it.';
  const failing = (file: string) => failingIn(cwd, ["predict", file, "pictures"], 1).error;
  expect(failing("text.onnx")).toMatch(/^"text\.onnx": expected an ONNX model but it cannot be read/);
  expect(failing("short.onnx")).toMatch(/^"short\.onnx": expected an ONNX model but it cannot be read/);
  expect(failing("gone.onnx")).toBe('"gone.onnx": expected an ONNX model but there is no such file.');
  expect(failing("foreign.onnx")).toBe(NO_CARD);
  expect(failingIn(cwd, ["eval", "foreign.onnx", "bands"], 1).error).toBe(NO_CARD);
  expect(failingIn(cwd, ["predict", "run.onnx", "pictures", "--engine", "onednn"], 1).error).toMatch(
    /^--engine: expected onnx/,
  );
  expect(failingIn(cwd, ["card", "foreign.onnx"], 1).hint).toMatch(/ocelli export RUN --to onnx/);
  expect(failingIn(cwd, ["card", "pictures/0.png"], 1).error).toMatch(/^"pictures\/0\.png": expected /);
  expect(failingIn(cwd, ["export", "run", "--to", "pth", "--precision", "fp16"], 1).error).toMatch(
    /^--precision: expected fp32/,
  );
  expect(failingIn(cwd, ["export", "run", "--out", "no/such/folder.onnx"], 1).error).toMatch(
    /its folder does not exist\.$/,
  );
});
