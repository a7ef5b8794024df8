/** The first picture of a GIF file. Format: https://www.w3.org/Graphics/GIF/spec-gif89a.txt */
import type { Image } from "../image.ts";
import { checkSize } from "./sniff.ts";

const EXTENSION = 0x21;
const PICTURE = 0x2c;
const CONTROL = 0xf9;
const HEADER = 13;

/** What the file says before the pixels of its first picture. */
export interface GifHeader {
  readonly width: number;
  readonly height: number;
  /** The frame's place on the canvas. */
  readonly left: number;
  readonly top: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly interlaced: boolean;
  /** Red, green and blue of each index; undefined where the file has none. */
  readonly palette: Uint8Array | undefined;
  readonly transparent: number | undefined;
  /** Where the packed pixels begin. */
  readonly start: number;
}

const tooShort = (): Error => new Error("it ends too early");

/** The header, of a picture of any size; the canvas grows to hold the frame, as in Pillow. Throws if it is damaged. */
export function readGifHeader(bytes: Uint8Array): GifHeader {
  const word = (at: number): number => bytes[at]! + 256 * bytes[at + 1]!;
  if (bytes.length < HEADER) throw tooShort();
  let at = HEADER;
  const takePalette = (flags: number): Uint8Array | undefined => {
    if ((flags & 0x80) === 0) return undefined;
    const length = 3 << ((flags & 7) + 1);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const shared = takePalette(bytes[10]!);
  let transparent: number | undefined;
  while (bytes[at] === EXTENSION) {
    if (bytes[at + 1] === CONTROL && bytes[at + 2] === 4) transparent = bytes[at + 3]! & 1 ? bytes[at + 6] : undefined;
    at = endOfBlocks(bytes, at + 2);
  }
  if (at + 10 > bytes.length) throw tooShort();
  if (bytes[at] !== PICTURE) throw new Error("it has no picture");
  const [left, top, frameWidth, frameHeight] = [word(at + 1), word(at + 3), word(at + 5), word(at + 7)];
  const flags = bytes[at + 9]!;
  at += 10;
  const palette = takePalette(flags) ?? shared;
  const [width, height] = [Math.max(word(6), left + frameWidth), Math.max(word(8), top + frameHeight)];
  const interlaced = (flags & 0x40) !== 0;
  return { width, height, left, top, frameWidth, frameHeight, interlaced, palette, transparent, start: at };
}

/** Behind blocks of up to 255 bytes, the last of them empty. */
function endOfBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
  return at + 1;
}

/**
 * The first picture, as Pillow's `convert("RGB")`: transparent pixels have their palette's colour, and what the frame leaves
 * open has the transparent colour or that of index 0. Throws if it is damaged.
 */
export function decodeGif(bytes: Uint8Array): Image {
  const header = readGifHeader(bytes);
  const { width, height, left, top, frameWidth, frameHeight, interlaced, palette, transparent } = header;
  checkSize(width, height);
  const canvas = new Uint8Array(width * height).fill(transparent ?? 0);
  const frame = unpack(bytes, header.start, frameWidth * frameHeight);
  const rows = rowOrder(frameHeight, interlaced);
  rows.forEach((y, i) => {
    canvas.set(frame.subarray(i * frameWidth, (i + 1) * frameWidth), (top + y) * width + left);
  });
  if (!palette) return { width, height, channels: 1, data: canvas };
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = palette[3 * canvas[Math.floor(i / 3)]! + (i % 3)] ?? 0;
  return { width, height, channels: 3, data };
}

function rowOrder(height: number, interlaced: boolean): number[] {
  const passes = interlaced
    ? ([
        [0, 8],
        [4, 8],
        [2, 4],
        [1, 2],
      ] as const)
    : ([[0, 1]] as const);
  return passes.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  );
}

const MAX_CODE_BITS = 12;
const TABLE = 1 << MAX_CODE_BITS;

/** Indices of `length` pixels from blocks packed by LZW. Throws if they are fewer, or a code has no meaning. */
function unpack(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const bits = bytes[start] ?? 0;
  if (bits < 1 || bits > 8) throw new Error(`its pixels have ${bits} bits`);
  const nextByte = blockReader(bytes, start + 1);
  const out = new Uint8Array(length);
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  const prefix = new Uint16Array(TABLE);
  const suffix = new Uint8Array(TABLE).map((_, code) => code);
  const stack = new Uint8Array(TABLE);
  let [width, count, before, first] = [bits + 1, end + 1, -1, 0];
  let [buffer, held, to] = [0, 0, 0];
  while (to < length) {
    for (; held < width; held += 8) buffer |= nextByte() << held;
    const code = buffer & ((1 << width) - 1);
    buffer >>>= width;
    held -= width;
    if (code === clear) {
      [width, count, before] = [bits + 1, end + 1, -1];
      continue;
    }
    if (code === end) throw tooShort();
    if (code > count || (before < 0 && code >= clear) || (code === count && before < 0)) {
      throw new Error(`its code ${code} has no meaning`);
    }
    let depth = 0;
    let at = code;
    if (code === count) {
      stack[depth++] = first;
      at = before;
    }
    for (; at > end; at = prefix[at]!) stack[depth++] = suffix[at]!;
    first = at;
    stack[depth++] = first;
    while (depth > 0 && to < length) out[to++] = stack[--depth]!;
    if (before >= 0 && count < TABLE) {
      prefix[count] = before;
      suffix[count++] = first;
      if (count === 1 << width && width < MAX_CODE_BITS) width++;
    }
    before = code;
  }
  return out;
}

function blockReader(bytes: Uint8Array, start: number): () => number {
  let at = start;
  let left = 0;
  return () => {
    if (left === 0) left = bytes[at++] ?? 0;
    if (left === 0 || at >= bytes.length) throw tooShort();
    left--;
    return bytes[at++]!;
  };
}
