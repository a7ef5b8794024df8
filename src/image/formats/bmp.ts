/** Windows bitmaps of 1 to 32 bits, also packed. Format: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage */
import type { Image } from "../image.ts";
import { unpackRuns } from "./bmp-runs.ts";
import { checkSize } from "./sniff.ts";

/** How the pixels are stored. */
const RAW = 0;
const RUNS_8 = 1;
const RUNS_4 = 2;
const BIT_FIELDS = 3;

const FILE_HEADER = 14;
const OLD_HEADER = 12;
const HEADERS = [OLD_HEADER, 40, 52, 56, 64, 108, 124];
const DEPTHS = [1, 4, 8, 16, 24, 32];

/** What the file says before the pixels. */
interface Header {
  readonly width: number;
  readonly height: number;
  /** Whether the first row is the lowest. */
  readonly fromBottom: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels are. */
  readonly start: number;
  /** Where the palette begins, its entries and the bytes of one. */
  readonly palette: number;
  readonly colours: number;
  readonly entry: number;
}

/** The header, of a picture of any size. Throws if it is damaged or of a rare kind. */
export function readBmpHeader(bytes: Uint8Array): Header {
  const view = viewOf(bytes);
  if (bytes.length < FILE_HEADER + 4 || bytes.length < FILE_HEADER + view.getUint32(FILE_HEADER, true)) {
    throw new Error("it ends too early");
  }
  const size = view.getUint32(FILE_HEADER, true);
  if (!HEADERS.includes(size)) throw new Error(`its header has ${size} bytes`);
  const old = size === OLD_HEADER;
  const word = (offset: number): number => view.getUint32(FILE_HEADER + offset, true);
  const height = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? RAW : word(16);
  if (!DEPTHS.includes(bits)) throw new Error(`it has ${bits} bits per pixel`);
  const masks = compression === BIT_FIELDS && size === 40 ? 12 : 0;
  const colours = (old ? 0 : word(32)) || 2 ** bits;
  const palette = FILE_HEADER + size + masks;
  const entry = old ? 3 : 4;
  return {
    width: old ? view.getUint16(18, true) : view.getInt32(18, true),
    height: Math.abs(height),
    fromBottom: height > 0,
    bits,
    compression,
    start: view.getUint32(10, true) || palette + (bits <= 8 ? colours * entry : 0),
    palette,
    colours: Math.min(colours, 256),
    entry,
  };
}

/** The picture, as Pillow's `convert("RGB")`: transparency is dropped. Throws if it is damaged or of a rare kind. */
export function decodeBmp(bytes: Uint8Array): Image {
  const header = readBmpHeader(bytes);
  const { width, height, bits } = header;
  checkSize(width, height);
  return bits <= 8 ? decodeIndexed(bytes, header) : decodeDirect(viewOf(bytes), header);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The bytes of a row: whole 32-bit words. */
const strideOf = ({ width, bits }: Header): number => Math.ceil((width * bits) / 32) * 4;

const rowOf = ({ height, fromBottom }: Header, y: number): number => (fromBottom ? height - 1 - y : y);

function checkLength(bytes: number, header: Header): void {
  if (bytes < header.start + strideOf(header) * header.height) throw new Error("it ends too early");
}

function decodeIndexed(bytes: Uint8Array, header: Header): Image {
  const { width, height, bits, compression, start } = header;
  const data = new Uint8Array(3 * width * height);
  const palette = readPalette(bytes, header);
  const indexAt = indexReader(bytes, header);
  if (compression !== RAW && !(compression === RUNS_8 && bits === 8) && !(compression === RUNS_4 && bits === 4)) {
    throw new Error(`its compression is ${compression} with ${bits} bits`);
  }
  const packed = compression === RAW ? undefined : unpackRuns(bytes.subarray(start), header);
  for (let y = 0; y < height; y++) {
    const row = rowOf(header, y);
    for (let x = 0; x < width; x++) {
      const index = packed ? packed[row * width + x]! : indexAt(row, x);
      data.set(palette.subarray(3 * index, 3 * index + 3), 3 * (y * width + x));
    }
  }
  return { width, height, channels: 3, data };
}

/** Red, green and blue of 256 indices. Those that the file does not name are black, or grey where all others are, as in Pillow. */
function readPalette(bytes: Uint8Array, { palette, colours, entry }: Header): Uint8Array {
  const colour = (index: number, channel: number): number => bytes[palette + index * entry + 2 - channel] ?? 0;
  const greys = Array.from({ length: colours }, (_, index) => [0, 1, 2].every((c) => colour(index, c) === index));
  const rest = (index: number): number => (greys.every((grey) => grey) ? index : 0);
  return Uint8Array.from({ length: 3 * 256 }, (_, i) => {
    const index = Math.floor(i / 3);
    return index < colours ? colour(index, i % 3) : rest(index);
  });
}

function indexReader(bytes: Uint8Array, header: Header): (row: number, x: number) => number {
  const { bits, start, compression } = header;
  if (compression === RAW) checkLength(bytes.length, header);
  const stride = strideOf(header);
  const perByte = 8 / bits;
  return (row, x) => {
    const byte = bytes[start + row * stride + Math.floor(x / perByte)]!;
    return (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
  };
}

/** Where a colour is in a pixel's word, and what white has there. */
interface Field {
  readonly shift: number;
  readonly maximum: number;
}

function fieldOf(mask: number): Field {
  if (mask === 0) return { shift: 0, maximum: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  return { shift, maximum: mask >>> shift };
}

/** The masks of red, green and blue. */
function fieldsOf(view: DataView, { bits, compression }: Header): readonly Field[] {
  const usual = bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff];
  if (compression === RAW) return usual.map(fieldOf);
  if (compression !== BIT_FIELDS) throw new Error(`its compression is ${compression} with ${bits} bits`);
  const masks = [0, 4, 8].map((offset) => view.getUint32(FILE_HEADER + 40 + offset, true));
  return (masks.every((mask) => mask === 0) ? usual : masks).map(fieldOf);
}

function decodeDirect(view: DataView, header: Header): Image {
  const { width, height, bits, start } = header;
  checkLength(view.byteLength, header);
  const fields = fieldsOf(view, header);
  const bytes = bits / 8;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    let at = start + rowOf(header, y) * strideOf(header);
    for (let to = 3 * y * width; to < 3 * (y + 1) * width; to += 3) {
      let word = view.getUint16(at, true);
      if (bytes > 2) word |= view.getUint8(at + 2) << 16;
      if (bytes > 3) word |= view.getUint8(at + 3) << 24;
      for (let channel = 0; channel < 3; channel++) data[to + channel] = fieldByte(word, fields[channel]!);
      at += bytes;
    }
  }
  return { width, height, channels: 3, data };
}

/** A field scaled to 0..255 and cut off. */
function fieldByte(word: number, { shift, maximum }: Field): number {
  if (maximum === 0) return 0;
  return Math.floor((((word >>> shift) & maximum) * 255) / maximum);
}
