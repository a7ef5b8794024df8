/** Pickles that are made to do harm: each is refused, soon and without much memory. */
import { describe, expect, test } from "vitest";
import { doubled, int, pickle, refusal, repeated, zipForm } from "../../testing/pickles.ts";
import { decodePth, float32Tensor } from "../index.ts";

const uint32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const text = (value: string): Uint8Array => pickle("X", uint32(value.length), value);
const tuple = (...items: readonly Uint8Array[]): Uint8Array => pickle("(", ...items, "t");
const global = (module: string, name: string): Uint8Array => pickle(`c${module}\n${name}\n`);
const storage = (count: number, key = "0"): Uint8Array =>
  pickle(tuple(text("storage"), global("torch", "FloatStorage"), text(key), text("cpu"), int(count)), "Q");
const tensor = (count: number, offset: number, shape: readonly number[], strides: readonly number[]): Uint8Array =>
  pickle(
    global("torch._utils", "_rebuild_tensor_v2"),
    tuple(storage(count), int(offset), tuple(...shape.map(int)), tuple(...strides.map(int))),
    "R",
  );

test("the pickles of these tests are right", () => {
  expect(decodePth(zipForm(tensor(4, 1, [2], [2])), "f")).toEqual(float32Tensor([2], [2, 4]));
});

const TOO_MANY = /far more objects than a checkpoint has/;
const COLLIDING = /far more numbers as keys/;
const range = (count: number, make: (index: number) => Uint8Array): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => make(index));
const again = (times: number): Uint8Array =>
  repeated(pickle("q", 0, "]q", 1, "(N", repeated(pickle("2"), 900_000), "e"), times);
/** Whole numbers of 16 bytes whose lower eight are the same. */
const wide = (value: number): Uint8Array =>
  pickle(0x8a, 16, new Uint8Array(BigUint64Array.of(1n, BigInt(value + 1)).buffer));
function float(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return pickle("G", bytes);
}
const keys = (count: number, key: (index: number) => Uint8Array): Uint8Array =>
  pickle("}(", ...range(count, (index) => pickle(key(index), "N")), "u");
const orderedDict = pickle(global("collections", "OrderedDict"), "h", 0, 0x85, "R0");
/** A function and its arguments in the memo, at 0 and 1. */
const remembered = (callable: Uint8Array, args: Uint8Array): Uint8Array =>
  pickle(callable, "q", 0, "0", args, "q", 1, "0");
const described = remembered(
  global("torch._utils", "_rebuild_tensor_v2"),
  tuple(storage(4), int(0), tuple(int(4)), tuple(int(1))),
);
const scalar = remembered(
  global("numpy.core.multiarray", "scalar"),
  pickle(global("numpy", "dtype"), text("U2"), 0x85, "R", "B", uint32(2 ** 16), new Uint8Array(2 ** 16), 0x86),
);

describe("pickles", () => {
  test.each([
    ["an opcode that makes objects", pickle("o"), /opcode 0x6f, which is not one of data/],
    ["another protocol", pickle(0x80, 6), /protocol 6 is not known/],
    ["a global that is not on the list", global("builtins", "eval"), /it asks to run "builtins\.eval"/],
    [
      "a harmful global of a long name",
      pickle(0x8c, 2, "os", text("b".repeat(5000)), 0x93),
      /asks to run "os\.b{197}"\.$/,
    ],
    ["more objects than any checkpoint has", repeated(pickle(0x82, 1, "0"), 2 ** 20 + 1), TOO_MANY],
    ["tuples in one another without end", pickle("N", repeated(Uint8Array.of(0x85), 2 ** 22)), TOO_MANY],
    ["lists without end", repeated(pickle("]0"), 2 ** 22), TOO_MANY],
    ["dictionaries without end", repeated(pickle("}0"), 2 ** 20), TOO_MANY],
    ["empty bytes without end", repeated(pickle("C", 0, "0"), 2 ** 20), TOO_MANY],
    ["one item appended again and again", pickle("](N", repeated(pickle("2"), 900_000), "e", again(20)), TOO_MANY],
    [
      "tensors of one description without end",
      pickle(described, repeated(pickle("h", 0, "h", 1, "R0"), 2 ** 19)),
      TOO_MANY,
    ],
    ["a memo of a number that nobody counts to", pickle("Nr", uint32(2 ** 31)), /memo 2147483648 is out of range/],
    ["large numbers that collide as keys", keys(100_000, (i) => wide(i)), COLLIDING],
    ["fractions that may collide as keys", keys(100_000, (i) => float(i + 0.5)), COLLIDING],
    ["numbers of digits that may collide as keys", keys(100_000, (i) => text(String(i * 2 ** 12 + 1))), COLLIDING],
    [
      "pairs that collide as keys, made dictionaries again and again",
      pickle(
        "](",
        ...range(5000, (i) => pickle(int(i * 2 ** 12), "N", 0x86)),
        "e",
        "q",
        0,
        repeated(orderedDict, 2 ** 10),
      ),
      COLLIDING,
    ],
    [
      "a name of two long texts again and again",
      pickle(text("m".repeat(2 ** 20)), "q", 0, repeated(pickle("h", 0, "h", 0, 0x93, "0"), 2 ** 20)),
      TOO_MANY,
    ],
    [
      "a device of long texts",
      pickle(global("torch", "device"), text("x".repeat(2 ** 20)), 0x85, "R"),
      /a device in it/,
    ],
    [
      "one array of text that is a scalar again and again",
      pickle(scalar, repeated(pickle("h", 0, "h", 1, "R0"), 2 ** 16)),
      /its bytes are far larger than the file/,
    ],
    [
      "strides that are far more than sizes",
      tensor(4, 0, [2], Array(1000).fill(1)),
      /a tensor in it is described wrongly/,
    ],
    [
      "bytes that are copied again and again",
      pickle(
        text("x".repeat(2 ** 20)),
        "q",
        0,
        repeated(pickle(global("_codecs", "encode"), "h", 0, text("latin1"), 0x86, "R0"), 40),
      ),
      /its bytes are far larger than the file/,
    ],
    ["a global without end", pickle("c", "m".repeat(3000)), /a name in it is too long/],
    ["a global whose name is no text", pickle(doubled, doubled, 0x93), /a name is not text/],
    ["a call of what is no global", pickle(text("x"), ")R"), /something is called that is no global/],
    ["a class that is called", pickle(global("torch", "FloatStorage"), ")R"), /a class in it is called/],
    [
      "an integer of many bytes",
      pickle(0x8b, uint32(1_000_000), new Uint8Array(1_000_000)),
      /an integer .* 1000000 bytes/,
    ],
    ["text of more bytes than there are", pickle("X", uint32(0xfffffff0), "abc"), /cut off/],
    ["text of 2⁶³ bytes", pickle(0x8d, new Uint8Array(8).fill(0x7f)), /cut off/],
    ["a stack that grows and grows", repeated(pickle("N"), 1_000_001), /nested too deeply/],
    ["a pickle that does not end", repeated(pickle(text("x".repeat(2 ** 16)), "0"), 260), /more than 16777216 bytes/],
    [
      "a device of lists",
      pickle(global("torch", "device"), tuple(doubled), "R"),
      /a device in it is described wrongly/,
    ],
    [
      "a storage whose key is a list",
      pickle(tuple(text("storage"), global("torch", "FloatStorage"), doubled, int(4)), "Q"),
      /a storage in it is described wrongly/,
    ],
    ["a storage of another size", tensor(5, 0, [5], [1]), /a storage of 5 elements of float32 has 16 bytes/],
    ["a storage of negative size", tensor(-4, 0, [1], [1]), /a storage in it is described wrongly/],
    ["a storage that is not there", pickle(storage(4, "../../0")), /entry "a\/data\/..\/..\/0" is missing/],
    ["a tensor beyond its storage", tensor(4, 1, [4], [1]), /a tensor of shape \[4\] is larger than its storage/],
    ["strides beyond the storage", tensor(4, 0, [2, 2], [4, 1]), /larger than its storage/],
    ["a negative stride", tensor(4, 3, [2], [-1]), /a tensor in it is described wrongly/],
    ["a shape of more elements than numbers have", tensor(4, 0, [2 ** 50, 2 ** 50], [0, 0]), /larger than its storage/],
    [
      "a shape that is infinite and empty",
      tensor(4, 0, [...Array(30).fill(2 ** 50), 0], Array(31).fill(0)),
      /larger than its storage/,
    ],
    [
      "a shape of 100 axes",
      tensor(4, 0, Array(100).fill(1), Array(100).fill(1)),
      /a tensor in it is described wrongly/,
    ],
    ["an element that is repeated 2⁴⁰ times", tensor(4, 0, [2 ** 40], [0]), /its tensors are far larger than the file/],
    [
      "many tensors of repeated elements",
      pickle("]", repeated(pickle(tensor(4, 0, [2 ** 20], [0]), "a"), 8)),
      /far larger than the file/,
    ],
  ])("%s", (_, body, expected) => {
    expect(refusal(zipForm(body))).toMatch(expected);
  });

  test("one list of pairs that is named again and again", () => {
    const pairs = pickle("](", repeated(pickle("NN", 0x86), 1000), "e", "q", 0);
    const again = pickle(global("collections", "OrderedDict"), "h", 0, 0x85, "R0");
    expect(refusal(zipForm(pickle(pairs, repeated(again, 5000))))).toMatch(TOO_MANY);
  });

  test("a list that holds itself, and tuples in one another, are data like any other", () => {
    const self = decodePth(zipForm(pickle("]", "q", 0, "h", 0, "a")), "f") as unknown[];
    expect(self[0]).toBe(self);
    expect(refusal(zipForm(pickle("N", repeated(pickle(0x85), 200_000))))).toBe("nothing");
    expect(refusal(zipForm(doubled))).toBe("nothing");
  });

  test("an unknown class is never called, but kept as what it is", () => {
    const state = pickle("}", text("a"), int(1), "s");
    const value = decodePth(zipForm(pickle(global("__main__", "Net"), ")", 0x81, state, "b")), "f");
    expect(value).toMatchObject({ type: "__main__.Net", args: [], state: new Map([["a", 1]]) });
  });

  test("a shape that is changed after its tensor was made", () => {
    const args = pickle("(", storage(4), int(0), "](", int(2), "e", "q", 0, "](", int(1), "et");
    const body = pickle(global("torch._utils", "_rebuild_tensor_v2"), args, "R", "h", 0, int(1_000_000), "a", "0");
    expect(decodePth(zipForm(body), "f")).toEqual(float32Tensor([2], [1, 2]));
  });
});
