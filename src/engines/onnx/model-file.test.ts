import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeModel, type ModelRecord, tensorRecord } from "../../onnx/model.ts";
import { type ModelTensor, openModelFile, readModelMetadata } from "./model-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ocelli-model-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (opType: string, inputs: string[], outputs: string[], attributes = {}) => ({
  ...{ name: outputs[0] ?? "", domain: "", opType, inputs, outputs, attributes },
});

/** Bytes [N, 2] and wide numbers [M] → halves of the bytes as float32 [N, 2], and the numbers as they are. */
const model: ModelRecord = {
  name: "halves",
  nodes: [
    node("Cast", ["bytes"], ["floats"], { to: 1 }),
    node("Mul", ["floats", "half"], ["halves"]),
    node("Identity", ["wide"], ["same"]),
  ],
  initializers: [tensorRecord("half", "float32", { data: [0.5], shape: [] })],
  inputs: [
    { name: "bytes", kind: "uint8", shape: ["N", 2] },
    { name: "wide", kind: "int64", shape: ["M"] },
  ],
  outputs: [
    { name: "halves", kind: "float32", shape: ["N", 2] },
    { name: "same", kind: "int64", shape: ["M"] },
  ],
  metadata: { author: "a person" },
};

function write(name: string, bytes: Uint8Array | string): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const bytes = (...data: number[]): ModelTensor => ({
  type: "uint8",
  shape: [data.length / 2, 2],
  data: Uint8Array.from(data),
});
const wide: ModelTensor = { type: "int64", shape: [1], data: BigInt64Array.of(2n ** 60n) };

test("a model with its declared inputs and outputs, run by any batch size", async () => {
  const opened = await openModelFile(write("halves.onnx", encodeModel(model)), { threads: 1 });
  try {
    expect(opened.inputs).toEqual([
      { name: "bytes", type: "uint8", shape: ["N", 2] },
      { name: "wide", type: "int64", shape: ["M"] },
    ]);
    expect(opened.outputs.map(({ name, type }) => [name, type])).toEqual([
      ["halves", "float32"],
      ["same", "int64"],
    ]);
    expect(opened.metadata).toEqual({ author: "a person" });
    const [one, two] = await Promise.all([
      opened.run({ bytes: bytes(1, 2), wide }),
      opened.run({ bytes: bytes(3, 4, 5, 255), wide }, { transfer: true }),
    ]);
    expect(one).toEqual({
      halves: { type: "float32", shape: [1, 2], data: Float32Array.of(0.5, 1) },
      same: { ...wide, data: BigInt64Array.of(2n ** 60n) },
    });
    expect(two?.halves).toEqual({ type: "float32", shape: [2, 2], data: Float32Array.of(1.5, 2, 2.5, 127.5) });
  } finally {
    await opened.close();
  }
});

test("inputs that are missing, unknown, of another type or shape are told", async () => {
  const opened = await openModelFile(write("halves.onnx", encodeModel(model)), { threads: 1 });
  const fresh = (): ModelTensor => ({ type: "int64", shape: [1], data: BigInt64Array.of(1n) });
  try {
    const failing = (feeds: Record<string, ModelTensor>) => opened.run(feeds).catch((error: Error) => error.message);
    expect(await failing({ bytes: bytes(1, 2) })).toMatch(/input "wide": expected int64 \[M\] but it is missing\.$/);
    expect(await failing({ bytes: fresh(), wide: fresh() })).toMatch(
      /input "bytes": expected uint8 \[N, 2\] but it is int64\.$/,
    );
    expect(await failing({ bytes: { ...bytes(1, 2), shape: [2, 1] } as ModelTensor, wide: fresh() })).toMatch(
      /but it is \[2, 1\]\.$/,
    );
    expect(await failing({ bytes: { ...bytes(1, 2), shape: [2, 2] } as ModelTensor, wide: fresh() })).toMatch(
      /there are 2 values for \[2, 2\]\.$/,
    );
    expect(await failing({ bytes: bytes(1, 2), wide: fresh(), more: fresh() })).toMatch(/but got "more"\.$/);
  } finally {
    await opened.close();
  }
});

test("what is no model, is cut off, or cannot be run is a UserError", async () => {
  const whole = encodeModel(model);
  const stranger = {
    ...model,
    nodes: [node("NoSuchOperator", ["bytes"], ["halves"]), node("Identity", ["wide"], ["same"])],
  };
  const files = {
    [join(folder, "none.onnx")]: "there is no such file",
    [folder]: "it is a folder",
    [write("text.onnx", "hello, I am a text")]: "it cannot be read",
    [write("empty.onnx", "")]: "it has no graph",
    [write("cut-off.onnx", whole.slice(0, whole.length - 30))]: "it cannot be read",
    [write("stranger.onnx", encodeModel(stranger))]: "NoSuchOperator",
  };
  for (const [file, reason] of Object.entries(files)) {
    const error = await openModelFile(file).then(
      () => "opened",
      (thrown: Error) => thrown,
    );
    expect(error, file).toMatchObject({ name: "UserError", message: expect.stringContaining(reason) });
    expect(error).toMatchObject({ message: expect.stringContaining(file) });
  }
});

test("metadata are read without opening the model", async () => {
  expect(await readModelMetadata(write("halves.onnx", encodeModel(model)))).toEqual({ author: "a person" });
});
