/** Files that are made to do harm: each is refused, soon and without much memory. */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { decodePth, float32Tensor } from "../index.ts";
import { joined } from "../tensor.ts";
import { encodePth } from "./write.ts";
import { zipPieces } from "./write-zip.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A pickle of opcodes (numbers) and text. */
const pickle = (...parts: readonly (number | string | Uint8Array)[]): Uint8Array =>
  joined(
    parts.map((part) =>
      typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? encode(part) : part,
    ),
  );

const uint32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const text = (value: string): Uint8Array => pickle("X", uint32(value.length), value);
const int = (value: number): Uint8Array => pickle(0x8a, 8, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
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

/** A file of zip form with this pickle and one storage of four elements. */
function zipForm(body: Uint8Array, entries: readonly (readonly [string, Uint8Array])[] = []): Uint8Array {
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  return joined(zipPieces([["a/data.pkl", pickle(0x80, 2, body, ".")], ["a/data/0", data], ...entries]));
}

function refusal(bytes: Uint8Array): string {
  try {
    decodePth(bytes, "f");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message.replace('"f": expected a .pth file but ', "");
  }
  return "nothing";
}

const repeated = (part: Uint8Array, count: number): Uint8Array => joined(Array.from({ length: count }, () => part));

test("the pickles of these tests are right", () => {
  expect(decodePth(zipForm(tensor(4, 1, [2], [2])), "f")).toEqual(float32Tensor([2], [2, 4]));
});

/** [[], []] with both the list before it, 60 times: 2⁶⁰ lists if each is walked. */
const doubled = pickle("]", "q", 0, repeated(pickle("0(", "h", 0, "h", 0, "t", "q", 0), 60));

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
    ["more objects than any checkpoint has", repeated(pickle(0x82, 1, "0"), 2 ** 20 + 1), /more than 1048576 objects/],
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
    expect(refusal(zipForm(pickle(pairs, repeated(again, 5000))))).toMatch(/a dictionary in it is described wrongly/);
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

describe("zip archives", () => {
  const whole = encodePth({ w: float32Tensor([2], [1, 2]) });
  const end = whole.length - 22;
  const directory = new DataView(whole.buffer).getUint32(end + 16, true);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = whole.slice();
    new DataView(bytes.buffer).setUint32(at, value, true);
    return bytes;
  };

  test.each([
    ["no pickle", joined(zipPieces([["a/data/0", encode("x")]])), /it has no data\.pkl/],
    ["two entries of one name", zipForm(pickle("N"), [["a/data/0", encode("x")]]), /entry "a\/data\/0" is there twice/],
    ["another byte order", zipForm(pickle("N"), [["a/byteorder", encode("big")]]), /its byte order is "big"/],
    ["a compressed entry", changed(directory + 8, 8 << 16), /entry "archive\/data\.pkl" is compressed/],
    ["an entry that unpacks to more", changed(directory + 24, 0x7fffffff), /is compressed/],
    ["a directory beyond the end", changed(end + 16, 0x7fffffff), /cut off or damaged/],
    ["a directory of 2 GiB", changed(end + 12, 0x7fffffff), /its directory is damaged/],
    ["a zip64 record that is not there", changed(end + 16, 0xffffffff), /the zip64 locator is missing/],
    ["an entry that is somewhere else", changed(directory + 42, 7), /is not where the directory says/],
  ])("%s", (_, bytes, expected) => {
    expect(refusal(bytes)).toMatch(expected);
  });

  test("entries that lie over one another", () => {
    const big = new Uint8Array(1_000_000);
    const pieces = zipPieces([
      ["a/data.pkl", pickle(0x80, 2, "N.")],
      ["a/data/0", big],
      ["a/data/1", new Uint8Array()],
    ]);
    const bytes = joined(pieces);
    const second = bytes.length - 22 - (46 + 8);
    const view = new DataView(bytes.buffer);
    view.setUint32(second + 16, crc32(big), true);
    view.setUint32(second + 20, big.length, true);
    view.setUint32(second + 24, big.length, true);
    expect(refusal(bytes)).toMatch(/its entries have more bytes than the file/);
  });
});

describe("tar archives", () => {
  /** One member; `size` is what its header says. */
  function member(name: string, content: Uint8Array, { size = content.length, kind = "0" } = {}): Uint8Array {
    const header = new Uint8Array(512);
    header.set(encode(name));
    header.set(encode(size.toString(8).padStart(11, "0")), 124);
    header.set(encode(kind), 156);
    header.set(encode("ustar\x0000"), 257);
    const sum = header.reduce((total, byte, index) => total + (148 <= index && index < 156 ? 32 : byte), 0);
    header.set(encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    const padding = new Uint8Array((512 - (content.length % 512)) % 512);
    return joined([header, content, padding]);
  }
  const count = pickle(0x80, 2, "K", 0, ".");
  const none = pickle(0x80, 2, "].");
  const good = [member("storages", joined([count, none])), member("tensors", count), member("pickle", none)];

  test("the archives of these tests are right; members with paths are left alone", () => {
    const outside = [member("../../etc/passwd", encode("x")), member("/etc/passwd", encode("x"), { kind: "2" })];
    expect(decodePth(joined([...outside, ...good]), "f")).toEqual([]);
  });

  test.each([
    ["a member of more bytes than there are", [member("storages", none, { size: 0o7777777 }), ...good], /cut off/],
    ["two members of one name", [...good, member("pickle", none)], /the archive has "pickle" twice/],
    ["no pickle", good.slice(0, 2), /the archive has no "pickle"/],
    [
      "a link to the storages",
      [member("storages", none, { kind: "2" }), ...good.slice(1)],
      /the archive has no "storages"/,
    ],
    ["headers for nobody", Array.from({ length: 1001 }, () => member("x", none, { kind: "g" })), /a header .* damaged/],
    ["a long extended header", [member("x", new Uint8Array(100_000), { kind: "x" }), ...good], /a header .* damaged/],
    ["an extended header of negative size", [member("x", encode("12 size=-512\n"), { kind: "x" }), ...good], /cut off/],
    ["2⁴⁰ storages", [member("storages", pickle(0x80, 2, int(2 ** 40), ".")), ...good.slice(1)], /out of range/],
    [
      "a million storages that are not there",
      [member("storages", pickle(0x80, 2, int(1_000_000), ".")), ...good.slice(1)],
      /cut off/,
    ],
    [
      "a persistent id of lists",
      [...good.slice(0, 2), member("pickle", pickle(0x80, 2, doubled, "Q."))],
      /a tensor that is not there/,
    ],
  ])("%s", (_, members, expected) => {
    expect(refusal(joined(members))).toMatch(expected);
  });
});
