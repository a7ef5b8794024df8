import { expect, test } from "vitest";
import { decodeModel, encodeModel, tensorRecord } from "./model.ts";

/** A field of a message, length and all. */
function field(number: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = content.length;
  for (; 127 < rest; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length, rest), content]);
}

const GRAPH = 7;
const read = (bytes: Uint8Array) => () => decodeModel(bytes, "f.onnx");
const TOO_MANY = "f.onnx: expected an ONNX model but it cannot be read: it has far more records than a model has.";

test("a file of empty nodes, each of which takes a hundred bytes, is refused before one is made", () => {
  const nodes = (count: number): Uint8Array => field(GRAPH, Buffer.alloc(2 * count, Uint8Array.of(0x0a, 0)));
  expect(read(nodes(100_000))().opTypes).toHaveLength(100_000);
  expect(read(nodes(400_000))).toThrow(TOO_MANY);
});

test("so are unknown fields, which are kept", () => {
  expect(read(Buffer.alloc(2 * 400_000, Uint8Array.of(0x78, 0)))).toThrow(TOO_MANY);
});

test("groups within groups, which the format once had, end where they are too deep", () => {
  expect(read(Buffer.alloc(1_000_000, 0x0b))).toThrow("maximum recursion depth reached");
});

test("a model of few bytes a record is read", () => {
  const ones = Array.from({ length: 50_000 }, (_, at) => tensorRecord(`w${at}`, "float32", { data: [1], shape: [1] }));
  const model = { name: "m", inputs: [], outputs: [], nodes: [], initializers: ones, metadata: {} };
  expect(decodeModel(encodeModel(model), "f.onnx").initializers).toHaveLength(50_000);
});
