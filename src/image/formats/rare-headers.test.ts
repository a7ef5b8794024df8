/** What headers of bitmaps, TIFF files and drawings may say, written by hand. */
import { expect, test } from "vitest";
import { decodeBmp } from "./bmp.ts";
import { otherKind } from "./refusals.ts";
import { checkTiff } from "./tiff.ts";

/** A bitmap of one row of 32-bit pixels whose colours are where the masks say. */
function bitmap(masks: readonly number[], pixels: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(66 + 4 * pixels.length));
  view.setUint16(0, 0x424d);
  view.setUint32(10, 66, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, pixels.length, true);
  view.setInt32(22, 1, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 32, true);
  view.setUint32(30, 3, true);
  for (const [index, word] of [...masks, ...pixels].entries()) view.setUint32(54 + 4 * index, word, true);
  return new Uint8Array(view.buffer);
}

test("a bitmap's colours are where its masks say; a colour without a mask is black, and without masks all are as usual", () => {
  const decode = (...masks: number[]) => [...decodeBmp(bitmap(masks, [0x00112233])).data];
  expect(decode(0xff0000, 0xff00, 0xff)).toEqual([0x11, 0x22, 0x33]);
  expect(decode(0xff, 0xff00, 0xff0000)).toEqual([0x33, 0x22, 0x11]);
  expect(decode(0xff0000, 0, 0xff)).toEqual([0x11, 0, 0x33]);
  expect(decode(0, 0, 0)).toEqual([0x11, 0x22, 0x33]);
});

/** A TIFF file with a directory of numbers, and its bytes. */
function tiff(tags: Readonly<Record<number, number>>): Uint8Array {
  const entries = Object.entries(tags);
  const view = new DataView(new ArrayBuffer(8 + 2 + 12 * entries.length + 4 + 64));
  view.setUint32(0, 0x49492a00);
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  entries.forEach(([tag, value], index) => {
    const at = 10 + 12 * index;
    view.setUint16(at, Number(tag), true);
    view.setUint16(at + 2, 4, true);
    view.setUint32(at + 4, 1, true);
    view.setUint32(at + 8, value, true);
  });
  return new Uint8Array(view.buffer);
}

const GREY = { 256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 277: 1 };

test("tiles of a TIFF file have both sides", () => {
  const tiles = { ...GREY, 322: 4, 323: 4, 324: 150, 325: 16 };
  expect(() => checkTiff(tiff(tiles))).not.toThrow();
  for (const side of [322, 323]) {
    const rest = Object.fromEntries(Object.entries(tiles).filter(([tag]) => Number(tag) !== side));
    expect(() => checkTiff(tiff({ ...rest, [side]: 0 }))).toThrow("its strips have no size");
  }
  const { 323: _, ...without } = tiles;
  expect(() => checkTiff(tiff(without))).toThrow("its strips have no size");
});

test("a palette of a TIFF file is whole", () => {
  const palette = { ...GREY, 262: 3, 273: 150, 278: 4, 279: 16 };
  expect(() => checkTiff(tiff(palette))).toThrow(/^a TIFF of/);
  expect(() => checkTiff(tiff({ ...palette, 320: 300 }))).toThrow(/^a TIFF of/);
});

test.each([
  ["<svg/>"],
  ["\n <SVG>"],
  ['<?xml version="1.0"?>\n<svg>'],
  ["<!-- drawn\nby hand --> <!-- twice --><svg>"],
  ['<!DOCTYPE svg PUBLIC "x">\n<svg>'],
])("a drawing is known by its beginning: %j", (text) => {
  expect(otherKind(Buffer.from(text))).toMatchObject({ message: expect.stringContaining("an SVG drawing") });
  expect(otherKind(Buffer.from(`x${text}`))).toBeUndefined();
});
