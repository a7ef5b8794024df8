/** Foreign ONNX models. The protobuf of the one that never ends is written by hand, since ours writes no graphs within nodes. */
import { encodeModel, tensorRecord } from "../../src/onnx/model.ts";

/** A field of a message: a whole number, or text, bytes or a message with its length before it. */
type Field = readonly [number: number, value: number | bigint | string | Uint8Array];

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let left = BigInt(value);
  for (; 0x7fn < left; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return [...bytes, Number(left)];
}

function message(...fields: readonly Field[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === "number" || typeof value === "bigint") return [...varint(number << 3), ...varint(value)];
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes];
  });
  return Uint8Array.from(parts.flat());
}

const [FLOAT, INT64, BOOL, GRAPH] = [1, 7, 9, 5];

const scalarType = (kind: number): Uint8Array => message([1, message([1, kind], [2, message()])]);
const port = (name: string, kind: number): Uint8Array => message([1, name], [2, scalarType(kind)]);
const constant = (name: string, kind: number, bytes: Uint8Array): Uint8Array =>
  message([2, kind], [8, name], [9, bytes]);
const node = (type: string, inputs: readonly string[], outputs: readonly string[], ...rest: Field[]): Uint8Array =>
  message(...inputs.map((name): Field => [1, name]), ...outputs.map((name): Field => [2, name]), [4, type], ...rest);

/** The bytes of a model "x" → "y", float32 scalars, which doubles a number 2⁶³ - 1 times. */
export function endlessModel(): Uint8Array {
  const body = message(
    [1, node("Identity", ["goes_on"], ["goes_on_still"])],
    [1, node("Add", ["sum", "sum"], ["next"])],
    [2, "body"],
    ...[port("turn", INT64), port("goes_on", BOOL), port("sum", FLOAT)].map((input): Field => [11, input]),
    ...[port("goes_on_still", BOOL), port("next", FLOAT)].map((output): Field => [12, output]),
  );
  const loop = node("Loop", ["turns", "begins", "x"], ["y"], [5, message([1, "body"], [6, body], [20, GRAPH])]);
  const turns = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer);
  const graph = message(
    ...[[1, loop] as const, [2, "endless"] as const],
    ...[[5, constant("turns", INT64, turns)] as const, [5, constant("begins", BOOL, Uint8Array.of(1))] as const],
    ...[[11, port("x", FLOAT)] as const, [12, port("y", FLOAT)] as const],
  );
  return message([1, 9], [7, graph], [8, message([1, ""], [2, 20])]);
}

/** Numbers [N, 2] → their halves. */
export const halvesModel = (): Uint8Array =>
  encodeModel({
    name: "halves",
    nodes: [{ name: "y", domain: "", opType: "Mul", inputs: ["x", "half"], outputs: ["y"], attributes: {} }],
    initializers: [tensorRecord("half", "float32", { data: [0.5], shape: [] })],
    inputs: [{ name: "x", kind: "float32", shape: ["N", 2] }],
    outputs: [{ name: "y", kind: "float32", shape: ["N", 2] }],
  });
