/** PBM, PGM and PPM pictures, plain and raw. Format: https://netpbm.sourceforge.net/doc/ */
import type { Image } from "../image.ts";
import { roundHalfEven } from "../rounding.ts";
import { checkSize } from "./sniff.ts";

/** What the options of decoding mean for such pictures. */
export interface PnmOptions {
  /** Cut grey of more than 8 bits off at 255 instead of scaling it. */
  readonly clipSixteenBits?: boolean;
}

interface Header {
  /** P1 to P6. */
  readonly kind: number;
  readonly width: number;
  readonly height: number;
  /** The value of white. */
  readonly maximum: number;
  /** Where the pixels begin. */
  readonly end: number;
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && 9 <= byte && byte <= 13);
const isLineEnd = (byte: number | undefined): boolean => byte === 10 || byte === 13 || byte === undefined;
const HASH = 0x23;
/** More digits than any number in a picture has. */
const MAX_DIGITS = 10;

/** Reads whole numbers, with spaces and comments between them. */
function numberReader(bytes: Uint8Array, start: number) {
  let at = start;
  const skip = (): void => {
    while (isSpace(bytes[at]) || bytes[at] === HASH) {
      if (bytes[at] === HASH) while (!isLineEnd(bytes[at])) at++;
      else at++;
    }
  };
  const digits = (most: number): number => {
    skip();
    const first = at;
    while (at < bytes.length && 0x30 <= bytes[at]! && bytes[at]! <= 0x39 && at - first < most) at++;
    if (at === first) throw new Error(at < bytes.length ? `expected a number at byte ${at}` : "it ends too early");
    if (most > 1 && at < bytes.length && !isSpace(bytes[at])) throw new Error(`expected a space at byte ${at}`);
    return Number(String.fromCharCode(...bytes.subarray(first, at)));
  };
  return { next: () => digits(MAX_DIGITS), nextDigit: () => digits(1), position: () => at };
}

/** The header, of a picture of any size. Throws if it is damaged. */
export function readPnmHeader(bytes: Uint8Array): Header {
  const kind = bytes[1]! - 0x30;
  const numbers = numberReader(bytes, 2);
  const width = numbers.next();
  const height = numbers.next();
  const maximum = kind === 1 || kind === 4 ? 1 : numbers.next();
  if (maximum < 1 || maximum > 65535) throw new Error(`its largest value is ${maximum}`);
  return { kind, width, height, maximum, end: numbers.position() + 1 };
}

/** The picture, as Pillow's `convert("RGB")`: values are scaled to 0..255 and rounded. Throws if it is damaged. */
export function decodePnm(bytes: Uint8Array, { clipSixteenBits = false }: PnmOptions = {}): Image {
  const header = readPnmHeader(bytes);
  const { kind, width, height, maximum } = header;
  checkSize(width, height);
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  if (kind > 4 && maximum === 255 && bytes.length >= header.end + width * height * channels) {
    return { width, height, channels, data: bytes.slice(header.end, header.end + width * height * channels) };
  }
  const values = kind <= 3 ? plainValues(bytes, header, channels) : rawValues(bytes, header, channels);
  const scale = byteScale(maximum, clipSixteenBits && channels === 1);
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const value = values(i);
    data[i] = kind === 1 || kind === 4 ? 255 * (1 - value) : scale(value);
  }
  return { width, height, channels, data };
}

function byteScale(maximum: number, clip: boolean): (value: number) => number {
  if (clip && maximum > 255) return (value) => Math.min(255, roundHalfEven((value / maximum) * 65535));
  if (maximum === 255) return (value) => value;
  return (value) => Math.min(255, roundHalfEven((value / maximum) * 255));
}

/** The `index`th value; to be asked for in order. */
type Values = (index: number) => number;

function plainValues(bytes: Uint8Array, { kind, width, height, maximum, end }: Header, channels: number): Values {
  const least = width * height * channels * (kind === 1 ? 1 : 2) - 1;
  if (bytes.length - end < least) throw new Error("it ends too early");
  const numbers = numberReader(bytes, end);
  return () => {
    const value = kind === 1 ? numbers.nextDigit() : numbers.next();
    if (value > maximum) throw new Error(`a value is ${value}, above ${maximum}`);
    return value;
  };
}

function rawValues(bytes: Uint8Array, { kind, width, height, maximum, end }: Header, channels: number): Values {
  const width8 = Math.ceil(width / 8);
  const size = maximum > 255 ? 2 : 1;
  const length = kind === 4 ? width8 * height : width * height * channels * size;
  if (bytes.length - end < length) throw new Error("it ends too early");
  if (kind === 4) {
    return (index) => {
      const x = index % width;
      return (bytes[end + Math.floor(index / width) * width8 + (x >> 3)]! >> (7 - (x & 7))) & 1;
    };
  }
  if (size === 1) return (index) => bytes[end + index]!;
  return (index) => bytes[end + 2 * index]! * 256 + bytes[end + 2 * index + 1]!;
}
