import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { float32Tensor, type PthInput, type StateTensor, writePth } from "../checkpoint/index.ts";
import { mnistCnn } from "../models/index.ts";
import { initialState } from "../nn/index.ts";
import { loadModel, openModel } from "./load-model.ts";

const folder = await mkdtemp(join(tmpdir(), "ocelli-load-"));
afterAll(() => rm(folder, { recursive: true }));
const evil = new URL("../../tools/golden/checkpoint/evil.pth", import.meta.url).pathname;

const weightsOf = (classes: number): Map<string, StateTensor> =>
  new Map(
    [...initialState(mnistCnn({ classes }), 1)].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]),
  );
const checkpoint = (more: Record<string, PthInput> = {}): Record<string, PthInput> => ({
  ...{ state_dict: weightsOf(2), model: "mnist-cnn", classes: ["cat", "dog"] },
  preprocessing: { input_shape: [1, 28, 28], raw_pixels: true },
  ...more,
});

/** Writes a file, and returns its path. */
async function saved(name: string, value: PthInput): Promise<string> {
  const path = join(folder, name);
  await writePth(path, value);
  return path;
}

const refused = (path: string, options?: { model?: string }) =>
  expect(loadModel(path, options).then((model) => openModel(model, { engine: "reference" }))).rejects;

test("a checkpoint says all about itself", async () => {
  const file = await saved("full.pth", checkpoint());
  const model = await loadModel(file);
  expect(model).toMatchObject({
    file,
    name: "mnist-cnn",
    classes: ["cat", "dog"],
    inputShape: [1, 28, 28],
    input: { kind: "pixels", inputShape: [1, 28, 28], rawPixels: true },
  });
  const trainer = await openModel(model, { engine: "reference", batchSize: 1 });
  expect(await trainer.weights()).toEqual(weightsOf(2));
  await trainer.close();
});

test("a bare state dict has its model named, and numbers for classes", async () => {
  const file = await saved("bare.pth", weightsOf(3));
  await refused(file).toMatchObject({
    name: "UserError",
    message: `"${file}": expected to know which model the weights are of but the file does not say it.`,
    hint: "Name it with --model, such as --model mnist-cnn.",
  });
  await refused(file, { model: "mnist-cn" }).toMatchObject({ hint: 'Did you mean "mnist-cnn"?' });
  const model = await loadModel(file, { model: "mnist-cnn" });
  expect(model).toMatchObject({ classes: ["0", "1", "2"], input: { rawPixels: false } });
});

test("of a run the best weights are taken, or else the last", async () => {
  const run = join(folder, "run");
  await mkdir(run);
  await writeFile(join(run, "config.json"), "{}");
  await refused(run).toThrow(/expected a run with weights but there is neither a best\.pth nor a last\.pth in it\.$/);
  await saved("run/last.pth", checkpoint({ classes: ["last", "x"] }));
  expect((await loadModel(run)).classes[0]).toBe("last");
  await saved("run/best.pth", checkpoint({ classes: ["best", "x"] }));
  expect((await loadModel(run)).classes[0]).toBe("best");
  expect((await loadModel(join(run, "last.pth"))).classes[0]).toBe("last");
});

test("weights of another network are refused with all that is wrong", async () => {
  const weights = weightsOf(2);
  weights.set("conv1.0.weight", float32Tensor([16, 3, 5, 5], new Float32Array(1200)));
  weights.set("conv2.0.bias", float32Tensor([31], new Float32Array(31)));
  weights.delete("conv1.0.bias");
  const file = await saved("wrong.pth", checkpoint({ state_dict: weights }));
  await refused(file).toMatchObject({
    name: "UserError",
    message:
      `"${file}": expected the weights of this network but they do not fit: ` +
      'wrong shapes: "conv1.0.weight" is [16, 3, 5, 5] and not [16, 1, 5, 5], "conv2.0.bias" is [31] and not [32]; ' +
      'missing: "conv1.0.bias".',
  });
});

test("what is no model is refused", async () => {
  const whole = await readFile(await saved("whole.pth", checkpoint()));
  const write = async (name: string, content: Uint8Array | string): Promise<string> => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  await refused(join(folder, "none.pth")).toThrow(
    /none\.pth": expected a run folder or a .pth file but there is no such/,
  );
  await refused(folder).toThrow(/but the folder holds no run/);
  await refused(await write("x.onnx", "")).toThrow(/but it is an ONNX model/);
  await refused(await write("empty.pth", "")).toThrow(/but it is empty/);
  await refused(await write("cut.pth", whole.subarray(0, whole.length - 9000))).toThrow(
    /cut\.pth": expected a \.pth file but/,
  );
  await refused(await write("text.pth", "hello")).toThrow(/it has another format/);
  await refused(evil).toThrow(/expected tensors and plain data but it asks to run "posix\.system"/);
  await refused(await saved("numbers.pth", { epoch: 3 })).toThrow(/there are no named tensors in it/);
  await refused(await saved("scalars.pth", new Map([["x", float32Tensor([], [1])]])), { model: "mnist-cnn" }).toThrow(
    /expected the weights of this network but they do not fit/,
  );
  await refused(await saved("unknown.pth", checkpoint({ model: "resnet-9000" }))).toMatchObject({ name: "UserError" });
});
