/** What a browser would show otherwise than `ocelli predict` reads it, or in part: told by the bytes, and refused. */
import { isCutOff } from "../src/image/formats/cut-off.ts";
import { inflate } from "../src/image/formats/inflate.ts";
import { checkJpegKind, jpegEnding, jpegExtras, jpegFrame } from "../src/image/formats/jpeg.ts";
import { checkPngHeaders, crc32, pngChunks } from "../src/image/formats/png.ts";
import { otherKind, UnreadKind } from "../src/image/formats/refusals.ts";
import { formatOf, type PictureFormat } from "../src/image/formats/sniff.ts";

const AS_PNG = "Save it as JPEG or PNG.";
const CMYK = 4;
/** Where the header of a WebP file says what is in it, and the bits for EXIF data and XMP. */
const WEBP_FLAGS = 20;
const WEBP_EXTRAS = 12;
/** The kind of colours that says so in the header of a PNG. */
const PNG_PALETTE = 3;
const SIXTEEN_BITS = 16;

/** The format of a picture that the browser decodes as ocelli does. Throws for any other. */
export async function checkForBrowser(bytes: Uint8Array): Promise<PictureFormat> {
  const format = formatOf(bytes);
  if (!format) throw otherKind(bytes) ?? new Error("it begins like no picture");
  if (isCutOff(bytes, format)) throw new Error("the file is cut off");
  if (format === "tiff") throw new UnreadKind("a TIFF, which browsers do not read", AS_PNG);
  if (format === "jpeg") checkJpeg(bytes);
  if (format === "png") await checkPng(bytes);
  return format;
}

function checkJpeg(bytes: Uint8Array): void {
  const frame = jpegFrame(bytes);
  if (!frame) throw new Error("it is damaged");
  checkJpegKind(frame);
  if (frame.components === CMYK) throw new UnreadKind("a JPEG in CMYK, whose colours browsers show otherwise", AS_PNG);
  if (jpegEnding(bytes) !== "whole") throw new Error("it is damaged");
}

async function checkPng(bytes: Uint8Array): Promise<void> {
  checkPngHeaders(bytes);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const { name, data, sound } of pngChunks(bytes)) {
    if (name === "acTL") throw new UnreadKind("an animated PNG, whose first picture browsers may leave out", AS_PNG);
    if (name === "IDAT" && !sound()) throw new Error("it is damaged");
    if (name === "IDAT") parts.push(data.slice());
  }
  if (bytes[24] === SIXTEEN_BITS) throw new UnreadKind("a PNG of 16 bits, which browsers round otherwise", AS_PNG);
  await inflate(new Uint8Array(await new Blob(parts).arrayBuffer()));
}

/**
 * The file for the browser: EXIF data and XMP are blanked, for browsers turn a picture by them even where they are told not to,
 * and a PNG's palette has all colours that pixels can name, the missing ones black.
 */
export function forBrowser(bytes: Uint8Array, format: PictureFormat): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  if (format === "jpeg") for (const extra of jpegExtras(copy)) extra.fill(0);
  if (format === "webp" && String.fromCharCode(...copy.subarray(12, 16)) === "VP8X") {
    copy[WEBP_FLAGS] = (copy[WEBP_FLAGS] ?? 0) & ~WEBP_EXTRAS;
  }
  if (format !== "png") return copy;
  for (const { name, data } of pngChunks(copy)) if (name === "eXIf") data.fill(0);
  return withWholePalette(copy);
}

function withWholePalette(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const [bits, kind] = [bytes[24] ?? 0, bytes[25]];
  const palette = [...pngChunks(bytes)].find(({ name }) => name === "PLTE");
  const length = 3 * 2 ** bits;
  if (kind !== PNG_PALETTE || !palette || palette.data.length >= length) return bytes;
  const start = palette.data.byteOffset - bytes.byteOffset;
  const chunk = new Uint8Array(4 + length);
  chunk.set([...new TextEncoder().encode("PLTE"), ...palette.data]);
  const around = new DataView(new ArrayBuffer(8));
  around.setUint32(0, length);
  around.setUint32(4, crc32(chunk));
  const [counted, checked] = [new Uint8Array(around.buffer, 0, 4), new Uint8Array(around.buffer, 4)];
  const rest = bytes.subarray(start + palette.data.length + 4);
  return Uint8Array.from([...bytes.subarray(0, start - 8), ...counted, ...chunk, ...checked, ...rest]);
}
