import { describe, expect, test } from "vitest";
import type { ModelTensor } from "../../../engines/onnx/model-file.ts";
import { readQuestion, writeAnswer } from "./messages.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const ask = (...inputs: object[]) => readQuestion({ body: encode({ inputs }) }).tensors;

test.each([
  ["FP32", "float32", [[0.5, 1.5]], Float32Array.of(0.5, 1.5)],
  ["FP64", "float64", [0.1, 2], Float64Array.of(0.1, 2)],
  ["FP16", "float16", [1, -2], Uint16Array.of(0x3c00, 0xc000)],
  ["UINT8", "uint8", [[1, 255]], Uint8Array.of(1, 255)],
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
  [
    "bytes that are not there",
    { inputs: [{ ...tensor, data: undefined, parameters: { binary_data_size: 8 } }] },
    /8 bytes but 0 are left/,
  ],
  [
    "data and bytes",
    { inputs: [{ ...tensor, parameters: { binary_data_size: 0 } }] },
    /data or a binary_data_size but there are both/,
  ],
  ["neither", { inputs: [{ ...tensor, data: null }] }, /data or a binary_data_size but there is neither/],
  [
    "a size that is no whole number",
    { inputs: [{ ...tensor, parameters: { binary_data_size: "8" } }] },
    /binary_data_size: /,
  ],
  ["an input twice", { inputs: [tensor, tensor] }, /"x": expected each input once/],
])("%s", (_, content, message) => {
  expect(() => readQuestion({ body: encode(content) })).toThrow(message);
});

test("what is no JSON, a length beyond the body, bytes left over, an output that there is not", () => {
  expect(() => readQuestion({ body: Buffer.from("{") })).toThrow(/^body: expected JSON/);
  expect(() => readQuestion({ body: Buffer.from("{}"), jsonLength: "3" })).toThrow(/at most 2, but got "3"/);
  const head = encode({ inputs: [tensor] });
  const body = Buffer.concat([head, Buffer.alloc(3)]);
  expect(() => readQuestion({ body, jsonLength: String(head.length) })).toThrow(/3 are left over/);
  const asked = { tensors: {}, outputs: [{ name: "y", parameters: undefined }] };
  const results = { x: { type: "float32", shape: [1], data: Float32Array.of(1) } } as const;
  expect(() => writeAnswer(asked, results, { name: "m", version: "1" })).toThrow(/expected some of x but got "y"/);
});

const MANY = { INT8: 8, INT16: 16, INT32: 32, UINT8: 8, UINT16: 16, UINT32: 32 } as const;
const rangeOf = (datatype: keyof typeof MANY): [number, number] => {
  const bits = MANY[datatype];
  return datatype.startsWith("U") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
};
const raw = (datatype: string, data: string, shape = "[2]") =>
  readQuestion({
    body: Buffer.from(`{"inputs":[{"name":"x","shape":${shape},"datatype":"${datatype}","data":${data}}]}`),
  }).tensors.x;

describe.each(Object.keys(MANY) as (keyof typeof MANY)[])("%s", (datatype) => {
  const [least, largest] = rangeOf(datatype);
  test("takes all that it holds", () => {
    expect(Array.from(raw(datatype, `[${least}, ${largest}]`)?.data as Uint8Array)).toEqual([least, largest]);
    expect(Array.from(raw(datatype, "[1.0, 1e2]")?.data as Uint8Array)).toEqual([1, 100]);
  });
  test.each([
    ["0.5", "0.5"],
    [`${least - 1}`, `${least - 1}`],
    [`${largest + 1}`, `${largest + 1}`],
    ["1e400", "null"],
    ["null", "null"],
    ["true", "true"],
    ['"1"', '"1"'],
  ])("refuses %s", (element, received) => {
    expect(() => raw(datatype, `[0, ${element}]`)).toThrow(
      `input "x", data[1]: expected a whole number in ${least}..${largest} for ${datatype} but got ${received}.`,
    );
  });
});

describe("whole numbers of 64 bits keep all digits", () => {
  test.each([
    ["INT64", "[9223372036854775807, -9223372036854775808]", BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n))],
    ["INT64", "[9007199254740993, -1]", BigInt64Array.of(2n ** 53n + 1n, -1n)],
    ["UINT64", "[18446744073709551615, 0]", BigUint64Array.of(2n ** 64n - 1n, 0n)],
  ])("%s %s, and back", (datatype, data, elements) => {
    const x = raw(datatype, data) as ModelTensor;
    expect(x.data).toEqual(elements);
    const { json } = writeAnswer({ tensors: {} }, { x }, { name: "m", version: "1" });
    expect(json).toContain(`"data":${data.replace(" ", "")}`);
  });
  test.each([
    ["INT64", "9223372036854775808"],
    ["INT64", "-9223372036854775809"],
    ["UINT64", "18446744073709551616"],
    ["UINT64", "-1"],
    ["INT64", "0.5"],
    ["INT64", "9007199254740993.5"],
    ["INT64", "1e300"],
  ])("%s refuses %s", (datatype, element) => {
    expect(() => raw(datatype, `[0, ${element}]`)).toThrow(/^input "x", data\[1\]: expected a whole number in /);
  });
  test("beside texts that look like them", () => {
    const body = Buffer.from(
      '{"id":"9007199254740993 \\" 9007199254740993","inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[9007199254740993]}]}',
    );
    const question = readQuestion({ body });
    expect(question.id).toBe('9007199254740993 " 9007199254740993');
    expect(question.tensors.x?.data).toEqual(BigInt64Array.of(9007199254740993n));
  });
});

test.each([
  ["FP32", "1e39", /data\[1\]: expected a number that float32 holds for FP32 but got 1e\+39\.$/],
  ["FP32", "-3.5e38", /data\[1\]: /],
  ["FP64", "1e400", /data\[1\]: expected a number that float64 holds/],
  ["FP16", "65520", /data\[1\]: expected a number that float16 holds for FP16 but got 65520\.$/],
  ["FP32", '"1"', /data\[1\]: .+ but got "1"\.$/],
  ["FP32", "null", /data\[1\]: .+ but got null\.$/],
  ["FP32", "true", /data\[1\]: .+ but got true\.$/],
  ["BOOL", "1", /data\[1\]: expected true or false for BOOL but got 1\.$/],
  ["BYTES", "1", /data\[0\]: expected a text for BYTES but got 0\.$/],
  ["FP32", "NaN", /^body: expected JSON/],
])("%s refuses %s", (datatype, element, message) => {
  expect(() => raw(datatype, `[${datatype === "BOOL" ? false : 0}, ${element}]`)).toThrow(message);
});

test("what floats round to within their range is taken", () => {
  expect(raw("FP16", "[65519, 65504]")?.data).toEqual(Uint16Array.of(0x7bff, 0x7bff));
  expect(raw("FP32", "[3.4028235e38, 1e-50]")?.data).toEqual(Float32Array.of(3.4028234663852886e38, 0));
});

test.each([
  ["[[1], [2]]", "[1, 2]", /data: expected 1 elements for FP32 but got 2\.$/],
  ["[[1, 2], [3]]", "[2, 2]", /data\[1\]: expected 2 elements for FP32 but got 1\.$/],
  ["[[1, 2], 3]", "[2, 2]", /data\[1\]: expected a list for FP32 but got 3\.$/],
  ["[[1, [2]], [3, 4]]", "[2, 2]", /data\[0\]\[1\]: expected no list for FP32 but got a list of 1\.$/],
  ["[[1, 2], [3, null]]", "[2, 2]", /data\[1\]\[1\]: expected a number that float32 holds/],
  ["[[1, 2, 3, 4]]", "[2, 2]", /data: expected 2 elements/],
  ["[[1, 2], [3, 4]]", "[1, 4]", /data: expected 1 elements/],
  ["[[1, 2], [3, 4], [5, 6]]", "[2, 3]", /data: expected 2 elements for FP32 but got 3\.$/],
  [`${"[".repeat(5000)}1${"]".repeat(5000)}`, "[1]", /^body: expected JSON of at most 64 levels/],
])("lists nested otherwise than the shape: %s", (data, shape, message) => {
  expect(() => raw("FP32", data, shape)).toThrow(message);
});

test("lists may be nested as deep as the shape, or less deep", () => {
  for (const data of ["[[[1, 2], [3, 4]]]", "[[1, 2, 3, 4]]", "[1, 2, 3, 4]"])
    expect(raw("UINT8", data, "[1, 2, 2]")?.data).toEqual(Uint8Array.of(1, 2, 3, 4));
  expect(raw("UINT8", "[7]", "[]")?.data).toEqual(Uint8Array.of(7));
  expect(raw("UINT8", "[]", "[0, 2]")?.data).toEqual(new Uint8Array());
});

test("bytes that are no bool and no text", () => {
  const sent = (datatype: string, bytes: Uint8Array) => {
    const head = encode({
      inputs: [{ name: "x", shape: [1], datatype, parameters: { binary_data_size: bytes.length } }],
    });
    return readQuestion({ body: Buffer.concat([head, bytes]), jsonLength: String(head.length) }).tensors;
  };
  expect(() => sent("BOOL", Uint8Array.of(2))).toThrow(
    /element \[0\]: expected a byte of 0 or 1 for BOOL but got 2\.$/,
  );
  expect(() => sent("BYTES", Uint8Array.of(1, 0, 0, 0, 0xff))).toThrow(/element \[0\]: expected a text in UTF-8/);
  expect(() => sent("BYTES", Uint8Array.of(9, 0, 0, 0, 65))).toThrow(/expected whole elements of BYTES/);
  expect(() => sent("INT32", Uint8Array.of(1, 2, 3))).toThrow(/expected whole elements of INT32 but its 3 bytes/);
  expect(() => sent("INT16", Uint8Array.of(1, 2, 3, 4))).toThrow(/expected 1 elements for \[1\] but there are 2\.$/);
});

test("null of a field that may be absent is absence", () => {
  const { tensors, id, outputs, parameters } = readQuestion({
    body: encode({ id: null, parameters: null, outputs: null, inputs: [{ ...tensor, parameters: null }] }),
  });
  expect({ id, outputs, parameters }).toEqual({});
  expect(tensors.x?.data).toEqual(Float32Array.of(1, 2));
  const asked = readQuestion({
    body: encode({
      ...{ inputs: [tensor], parameters: { binary_data_output: null, sequence_id: null } },
      outputs: [{ name: "x", parameters: null }],
    }),
  });
  const { json } = writeAnswer(asked, tensors, { name: "m", version: "1" });
  expect(JSON.parse(json).outputs).toEqual([{ name: "x", datatype: "FP32", shape: [2], data: [1, 2] }]);
});

test("NaN and infinity are an error in JSON, and themselves in bytes", () => {
  const results = { y: { type: "float32", shape: [2], data: Float32Array.of(1, Number.NaN) } } as const;
  expect(() => writeAnswer({ tensors: {} }, results, { name: "m", version: "1" })).toThrow(
    expect.objectContaining({
      status: 500,
      message: '"m", output "y", element 1: expected a finite number but got NaN, which JSON cannot hold.',
    }),
  );
  const half = { y: { type: "float16", shape: [1], data: Uint16Array.of(0xfc00) } } as const;
  expect(() => writeAnswer({ tensors: {} }, half, { name: "m", version: "1" })).toThrow(/but got -Infinity/);
  const asBytes = { tensors: {}, parameters: { binary_data_output: true } };
  const { bytes } = writeAnswer(asBytes, results, { name: "m", version: "1" });
  expect(new Float32Array(new Uint8Array(bytes[0] ?? []).buffer)).toEqual(Float32Array.of(1, Number.NaN));
});
