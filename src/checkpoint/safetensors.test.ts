import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import {
  decodeSafetensors,
  float32Tensor,
  int64Scalar,
  joined,
  readSafetensors,
  type StateTensor,
  toFloat32,
  writeSafetensors,
} from "./index.ts";

const golden = new URL("../../tools/golden/checkpoint/tensors.safetensors", import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "ocelli-safetensors-"));
afterAll(() => rm(folder, { recursive: true }));

// a file by safetensors 0.8; remake it with tools/golden/checkpoint-safetensors.py
test("a file of the format's own library", async () => {
  const { state, metadata } = await readSafetensors(golden);
  expect(metadata).toEqual({ format: "pt" });
  const found = Array.from(state, ([name, tensor]) => [name, [tensor.dtype, tensor.shape, [...toFloat32(tensor)]]]);
  expect(Object.fromEntries(found)).toEqual({
    "conv.weight": ["float32", [1, 2, 3], [0, 0.25, 0.5, 0.75, 1, 1.25]],
    half: ["float16", [3], [1.5, -2, 65504]],
    brain: ["bfloat16", [2], [1.5, -3]],
    double: ["float64", [1], [Math.fround(0.1)]],
    long: ["int64", [2], [-5, 2 ** 40]],
    int: ["int32", [1], [-7]],
    short: ["int16", [1], [-300]],
    char: ["int8", [1], [-3]],
    byte: ["uint8", [3], [0, 255, 3]],
    flag: ["bool", [2], [1, 0]],
    scalar: ["float32", [], [2.5]],
    empty: ["float32", [0, 3], []],
  });
});

test("what is written is read, and each tensor is aligned", async () => {
  const odd: StateTensor = { dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 3) };
  const state = new Map(Object.entries({ odd, w: float32Tensor([2], [1, 2]), "bn.count": int64Scalar(3) }));
  const path = join(folder, "net.safetensors");
  await writeSafetensors(path, { state, metadata: { model: "net", classes: '["ant","bee"]' } });
  const read = await readSafetensors(path);
  expect(read.metadata).toEqual({ model: "net", classes: '["ant","bee"]' });
  expect(Object.fromEntries(read.state)).toEqual(Object.fromEntries(state));
  const bytes = await readFile(path);
  const from = 8 + Number(bytes.readBigUInt64LE());
  expect(from % 8).toBe(0);
  const header = JSON.parse(bytes.toString("utf8", 8, from));
  expect(header.w.data_offsets).toEqual([8, 16]);
  expect(header["bn.count"].data_offsets).toEqual([0, 8]);
  expect(header.odd.data_offsets).toEqual([16, 19]);
});

describe("bad files", () => {
  /** A file of this header with `count` bytes of tensors. */
  function file(header: unknown, count: number, length?: bigint): Uint8Array {
    const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
    const size = new Uint8Array(BigUint64Array.of(length ?? BigInt(text.length)).buffer);
    return joined([size, text, new Uint8Array(count)]);
  }
  const floats = (shape: unknown, begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });

  test("the files of these tests are right", () => {
    const { state } = decodeSafetensors(file({ a: floats([1], 0, 4), b: floats([], 4, 8) }, 8), "f");
    expect([...state.keys()]).toEqual(["a", "b"]);
  });

  test.each([
    ["nothing", new Uint8Array(), /cut off/],
    ["a header of 2⁶³ bytes", file({}, 0, 2n ** 63n), /its header has 9223372036854775000 bytes|more than the format/],
    ["a header longer than the file", file({}, 0, 100n), /cut off/],
    ["a header that is no JSON", file("{broken", 0), /its header is not JSON/],
    ["a header that is a list", file([], 0), /its header is not JSON/],
    [
      "a header that is not UTF-8",
      joined([file("", 0, 3n), Uint8Array.of(0x7b, 0xff, 0x7d)]),
      /its header is not JSON/,
    ],
    ["a header nested without end", file(`{"a":${"[".repeat(100_000)}`, 0), /its header is not JSON/],
    ["metadata of numbers", file({ __metadata__: { a: 1 } }, 0), /its metadata is not text by name/],
    ["no offsets", file({ a: { dtype: "F32", shape: [1] } }, 4), /its header describes "a" wrongly/],
    ["a negative size", file({ a: floats([-1, -1], 0, 4) }, 4), /its header describes "a" wrongly/],
    [
      "an unknown element type",
      file({ a: { ...floats([1], 0, 1), dtype: "F8_E4M3" } }, 1),
      /elements of type "F8_E4M3"/,
    ],
    ["a shape of more bytes", file({ a: floats([2], 0, 4) }, 4), /"a" of shape \[2\] has 4 bytes/],
    ["tensors over one another", file({ a: floats([1], 0, 4), b: floats([1], 0, 4) }, 4), /overlap or leave gaps/],
    ["a gap", file({ a: floats([1], 0, 4), b: floats([1], 8, 12) }, 12), /overlap or leave gaps/],
    [
      "two tensors of one name",
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        8,
      ),
      /has "a" twice/,
    ],
    ["bytes that are nobody's", file({ a: floats([1], 0, 4) }, 5), /have 4 bytes but 5 are there/],
    ["fewer bytes", file({ a: floats([2], 0, 8) }, 4), /have 8 bytes but 4 are there/],
    ["an infinite shape", file({ a: floats(Array(40).fill(2 ** 50), 0, 4) }, 4), /has 4 bytes/],
  ])("%s", (_, bytes, expected) => {
    let error: unknown;
    try {
      decodeSafetensors(bytes, "f");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(expected);
  });
});

describe("keys that are there twice", () => {
  const file = (header: string): Uint8Array => {
    const length = new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer);
    return Buffer.concat([length, Buffer.from(header), new Uint8Array(4)]);
  };
  const place = '{"dtype":"U8","shape":[4],"data_offsets":[0,4]}';

  test.each([
    ["a tensor", `{"a":${place},"a":${place}}`, "a"],
    ["a tensor, written in two ways", `{"a":${place},"\\u0061":${place}}`, "a"],
    ["a part of a tensor's place", '{"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}}', "dtype"],
    ["a text of the metadata", `{"__metadata__":{"k":"1","k":"2"},"a":${place}}`, "k"],
  ])("%s", (_, header, key) => {
    expect(() => decodeSafetensors(file(header), "f")).toThrow(`its header has "${key}" twice`);
  });

  test("quotes and brackets in names, and the language's own names, are names like any other", () => {
    const names = ['a"{,', "__proto__", "constructor", "a\\\\"];
    const header = Object.fromEntries(names.map((name) => [name, { dtype: "U8", shape: [0], data_offsets: [0, 0] }]));
    const text = JSON.stringify(header).replace(/}$/, `,"rest":${place}}`);
    expect([...decodeSafetensors(file(text), "f").state.keys()]).toEqual([...names, "rest"]);
    expect(() => decodeSafetensors(file(`{"a":${place.replace("U8", "constructor")}}`), "f")).toThrow(/not known/);
  });
});
