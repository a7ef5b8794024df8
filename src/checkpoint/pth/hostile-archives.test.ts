/** Archives that are made to do harm, or that programs could understand in two ways: each is refused. */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { doubled, encode, int, pickle, refusal, zipForm } from "../../testing/pickles.ts";
import { decodePth, float32Tensor } from "../index.ts";
import { joined } from "../tensor.ts";
import { encodePth } from "./write.ts";
import { zipPieces } from "./write-zip.ts";

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
    ["an entry of another size where it is", changed(22, 1), /entry "archive\/data\.pkl" says something else/],
    ["an entry of another name where it is", changed(30, 0x41414141), /says something else than the directory/],
    [
      "two pickles",
      zipForm(pickle("N"), [["b/data.pkl", pickle("N.")]]),
      /two pickles, "a\/data\.pkl" and "b\/data\.pkl"/,
    ],
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

describe("zip archives of more than one meaning", () => {
  test("an entry in another's content", () => {
    const inner = joined(zipPieces([["a/data/1", encode("x")]])).subarray(0, 128);
    const bytes = zipForm(pickle("N"), [
      ["a/data/1", encode("x")],
      ["a/data/2", inner],
    ]);
    const records = [...bytes.keys()]
      .filter((at) => Buffer.from(bytes.subarray(at, at + 4)).toString("latin1") === "PK\x01\x02")
      .slice(-4);
    const view = new DataView(bytes.buffer);
    const places = records.map((at) => view.getUint32(at + 42, true));
    const content =
      (places[3] ?? 0) + 30 + view.getUint16((places[3] ?? 0) + 26, true) + view.getUint16((places[3] ?? 0) + 28, true);
    view.setUint32((records[2] ?? 0) + 42, content, true);
    expect(refusal(bytes)).toMatch(/lies over entry "a\/data\/2"/);
  });

  test("an entry that reaches into the directory", () => {
    const bytes = zipForm(pickle("N"), [["a/data/1", new Uint8Array(100)]]);
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 22;
    view.setUint32(end + 16, view.getUint32(end + 16, true) - 0, true);
    const last = end - (46 + 8);
    const local = view.getUint32(last + 42, true);
    for (const at of [last + 20, last + 24, local + 18, local + 22]) view.setUint32(at, 110, true);
    expect(refusal(bytes)).toMatch(/lies over the directory/);
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
