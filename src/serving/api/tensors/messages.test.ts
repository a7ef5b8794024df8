import { expect, test } from "vitest";
import type { ModelTensor } from "../../../engines/onnx/model-file.ts";
import { readQuestion, writeAnswer } from "./messages.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const ask = (...inputs: object[]) => readQuestion({ body: encode({ inputs }) }).tensors;

test.each([
  ["FP32", "float32", [[0.5, 1.5]], Float32Array.of(0.5, 1.5)],
  ["FP64", "float64", [0.1, 2], Float64Array.of(0.1, 2)],
  ["FP16", "float16", [1, -2], Uint16Array.of(0x3c00, 0xc000)],
  ["UINT8", "uint8", [[1], [255]], Uint8Array.of(1, 255)],
  ["INT64", "int64", [-1, 7], BigInt64Array.of(-1n, 7n)],
  ["BOOL", "bool", [true, false], Uint8Array.of(1, 0)],
  ["BYTES", "string", ["a", "bc"], ["a", "bc"]],
])("data of %s in JSON, nested or not, and back", (datatype, type, data, elements) => {
  const { x } = ask({ name: "x", shape: [1, 2], datatype, data });
  expect(x).toEqual({ type, shape: [1, 2], data: elements });
  const { json } = writeAnswer({ tensors: {}, id: "7" }, { x: x as ModelTensor }, { name: "m", version: "1" });
  expect(JSON.parse(json)).toEqual({
    model_name: "m",
    model_version: "1",
    id: "7",
    outputs: [{ name: "x", datatype, shape: [1, 2], data: data.flat() }],
  });
});

test.each([
  ["FP32", "float32", Float32Array.of(0.5, 1.5)],
  ["FP16", "float16", Uint16Array.of(0x3c00, 0xc000)],
  ["UINT8", "uint8", Uint8Array.of(1, 255)],
  ["INT64", "int64", BigInt64Array.of(-1n, 7n)],
  ["BYTES", "string", ["a", "bcé"]],
])("data of %s as bytes after the JSON, and back", (datatype, type, data) => {
  const tensors = { x: { type, shape: [2], data } as ModelTensor };
  const asked = { tensors: {}, outputs: [{ name: "x", parameters: { binary_data: true } }] };
  const { json, bytes } = writeAnswer(asked, tensors, { name: "m", version: "1" });
  const [{ parameters }] = JSON.parse(json).outputs;
  expect(parameters.binary_data_size).toBe(bytes[0]?.length);
  const head = encode({ inputs: [{ name: "x", shape: [2], datatype, parameters }] });
  const body = Buffer.concat([head, ...bytes]);
  expect(readQuestion({ body, jsonLength: String(head.length) }).tensors).toEqual(tensors);
});

const tensor = { name: "x", shape: [2], datatype: "FP32", data: [1, 2] };

test.each<[string, object, RegExp]>([
  ["no inputs", { inputs: [] }, /^body.inputs: expected an inference request but /],
  [
    "no shape",
    { inputs: [{ ...tensor, shape: undefined }] },
    /^body.inputs.0.shape: expected an inference request but /,
  ],
  ["a datatype that there is not", { inputs: [{ ...tensor, datatype: "FP8" }] }, /"FP8"\.$/],
  ["too few elements", { inputs: [{ ...tensor, shape: [3] }] }, /expected 3 elements for \[3\] but there are 2\.$/],
  ["texts for numbers", { inputs: [{ ...tensor, data: ["1", 2] }] }, /expected numbers for FP32/],
  ["fractions for INT64", { inputs: [{ ...tensor, datatype: "INT64", data: [0.5, 2] }] }, /expected numbers for INT64/],
  ["numbers for BOOL", { inputs: [{ ...tensor, datatype: "BOOL" }] }, /expected true and false for BOOL/],
  [
    "bytes that are not there",
    { inputs: [{ ...tensor, parameters: { binary_data_size: 8 } }] },
    /8 bytes but 0 are left/,
  ],
])("%s", (_, content, message) => {
  expect(() => readQuestion({ body: encode(content) })).toThrow(message);
});

test("what is no JSON, a length beyond the body, bytes left over, an output that there is not", () => {
  expect(() => readQuestion({ body: Buffer.from("{") })).toThrow(/^body: expected JSON/);
  expect(() => readQuestion({ body: Buffer.from("{}"), jsonLength: "3" })).toThrow(/at most 2, but got "3"/);
  const head = encode({ inputs: [tensor] });
  const body = Buffer.concat([head, Buffer.alloc(3)]);
  expect(() => readQuestion({ body, jsonLength: String(head.length) })).toThrow(/3 are left over/);
  const asked = { tensors: {}, outputs: [{ name: "y" }] };
  const results = { x: { type: "float32", shape: [1], data: Float32Array.of(1) } } as const;
  expect(() => writeAnswer(asked, results, { name: "m", version: "1" })).toThrow(/expected some of x but got "y"/);
});
