/** What the segments of a JPEG tell without decoding it. Format: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B. */
import { UnreadKind } from "./refusals.ts";

const MARKER = 0xff;
const START = 0xd8;
const END = 0xd9;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;

/** What a JPEG's headers tell. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  /** 4: CMYK. */
  readonly components: number;
  /** The code of the frame's marker, which tells the kind of coding. */
  readonly coding: number;
  /** Bits of each channel. */
  readonly bits: number;
}

const wordAt = (bytes: Uint8Array, at: number): number => bytes[at]! * 256 + bytes[at + 1]!;

/** SOF0..SOF15, without DHT, JPG and DAC, which lie between them. */
const isFrameHeader = (code: number): boolean => 0xc0 <= code && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/** The headers of a JPEG up to that of its frame; undefined if there is none. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  let at = 2;
  while (at + 9 < bytes.length) {
    const code = bytes[at + 1]!;
    if (bytes[at] !== MARKER) return undefined;
    if (isFrameHeader(code)) {
      const [height, width] = [wordAt(bytes, at + 5), wordAt(bytes, at + 7)];
      return { height, width, components: bytes[at + 9]!, coding: code, bits: bytes[at + 4]! };
    }
    at += code === MARKER ? 1 : 2 + wordAt(bytes, at + 2); // one for padding
  }
  return undefined;
}

/** The contents of the segments before the pixels that may hold EXIF data or XMP. */
export function jpegExtras(bytes: Uint8Array): Uint8Array[] {
  const extras: Uint8Array[] = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === MARKER && bytes[at + 1] !== START_OF_SCAN; ) {
    const end = at + 2 + wordAt(bytes, at + 2);
    if (bytes[at + 1] === APP1) extras.push(bytes.subarray(at + 4, end));
    at = bytes[at + 1] === MARKER ? at + 1 : end;
  }
  return extras;
}

/** Throws for kinds of JPEG that no usual decoder reads. */
export function checkJpegKind({ coding, bits }: JpegFrame): void {
  const kind = coding & 3;
  if (kind === 3) throw new UnreadKind("a lossless JPEG");
  if (0xc5 <= coding && coding <= 0xc7) throw new UnreadKind("a hierarchical JPEG");
  if (coding > 0xc7) throw new UnreadKind("a JPEG with arithmetic coding");
  if (bits !== 8) throw new UnreadKind(`a JPEG of ${bits} bits per channel`);
}

/** How a JPEG goes on behind its headers: to its end, not to its end, or with what cannot stand there. */
export function jpegEnding(bytes: Uint8Array): "whole" | "cut off" | "damaged" {
  let at = 2;
  while (at + 1 < bytes.length) {
    const code = bytes[at + 1]!;
    if (bytes[at] !== MARKER) return "damaged";
    if (code === END) return "whole";
    if (code === START) return "damaged";
    if (code === MARKER) at += 1;
    else if (at + 3 >= bytes.length) break;
    else {
      at += 2 + wordAt(bytes, at + 2);
      if (code === START_OF_SCAN) at = endOfScan(bytes, at);
    }
  }
  return "cut off";
}

/** Where the next marker behind a scan's data stands: a zero or the number of a restart behind 255 belong to the data. */
function endOfScan(bytes: Uint8Array, start: number): number {
  let at = bytes.indexOf(MARKER, start);
  while (at !== -1 && at + 1 < bytes.length) {
    const code = bytes[at + 1]!;
    if (code !== 0 && !(0xd0 <= code && code <= 0xd7)) return at;
    at = bytes.indexOf(MARKER, at + 2);
  }
  return bytes.length;
}
