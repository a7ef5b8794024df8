/** What a file's first bytes tell. */

/** A format that is read. */
export type PictureFormat = "jpeg" | "png" | "webp" | "gif" | "tiff" | "bmp" | "pnm";

/** The first bytes of the formats, in hex. */
const SIGNATURES: readonly (readonly [PictureFormat, RegExp])[] = [
  ["jpeg", /^ffd8ff/],
  ["png", /^89504e470d0a1a0a/],
  ["webp", /^52494646.{8}57454250/],
  ["gif", /^474946383[79]61/],
  ["tiff", /^(4949|4d4d00)2[ab]/], // and BigTIFF
  ["bmp", /^424d/],
  ["pnm", /^503[1-6](09|0a|0b|0c|0d|20|23)/],
];

/** The format of a file that begins with `bytes`; undefined for any other. */
export function formatOf(bytes: Uint8Array): PictureFormat | undefined {
  const start = Buffer.from(bytes.subarray(0, 12)).toString("hex");
  return SIGNATURES.find(([, signature]) => signature.test(start))?.[0];
}

/** The largest picture that is decoded, in pixels, as in Pillow: guards against small files that unfold to gigabytes. */
export const MAX_PIXELS = 178_956_970;

/** Throws unless a header's size is one that is decoded. */
export function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new Error(`its header says ${width}×${height} pixels`);
  if (width * height > MAX_PIXELS) throw new Error(`pixel limit: ${width}×${height}`);
}

const MARKER = 0xff;
const EXIF_SEGMENT = 0xe1;

/** What a JPEG's headers tell. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  /** 4: CMYK. */
  readonly components: number;
  /** Whether there may be EXIF data, which may say that the picture is to be turned. */
  readonly exif: boolean;
}

/** The headers of a JPEG up to that of its frame; undefined if there is none. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  const word = (at: number): number => bytes[at]! * 256 + bytes[at + 1]!;
  let at = 2;
  let exif = false;
  while (at + 9 < bytes.length) {
    const code = bytes[at + 1]!;
    if (bytes[at] !== MARKER) return undefined;
    if (isFrameHeader(code)) return { height: word(at + 5), width: word(at + 7), components: bytes[at + 9]!, exif };
    exif ||= code === EXIF_SEGMENT;
    at += code === MARKER ? 1 : 2 + word(at + 2); // one for padding
  }
  return undefined;
}

/** SOF0..SOF15, without DHT, JPG and DAC, which lie between them. */
const isFrameHeader = (code: number): boolean => 0xc0 <= code && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

/** Whether a PNG's header tells 16 bits of grey without alpha. */
export const isSixteenBitGrayPng = (bytes: Uint8Array): boolean => bytes[24] === 16 && bytes[25] === 0;
