/** What a browser would show otherwise than `ocelli predict` reads it, or in part: told by the bytes, and refused. */
import { isCutOff } from "../src/image/formats/cut-off.ts";
import { checkJpegKind, jpegEnding, jpegFrame } from "../src/image/formats/jpeg.ts";
import { checkPngHeaders, pngChunks } from "../src/image/formats/png.ts";
import { otherKind, UnreadKind } from "../src/image/formats/refusals.ts";
import { formatOf, type PictureFormat } from "../src/image/formats/sniff.ts";

const AS_PNG = "Save it as JPEG or PNG.";
const CMYK = 4;
const SIXTEEN_BITS = 16;

/** The format of a picture that the browser decodes as ocelli does. Throws for any other. */
export function checkForBrowser(bytes: Uint8Array): PictureFormat {
  const format = formatOf(bytes);
  if (!format) throw otherKind(bytes) ?? new Error("it begins like no picture");
  if (isCutOff(bytes, format)) throw new Error("the file is cut off");
  if (format === "tiff") throw new UnreadKind("a TIFF, which browsers do not read", AS_PNG);
  if (format === "jpeg") checkJpeg(bytes);
  if (format === "png") checkPng(bytes);
  return format;
}

function checkJpeg(bytes: Uint8Array): void {
  const frame = jpegFrame(bytes);
  if (!frame) throw new Error("it is damaged");
  checkJpegKind(frame);
  if (frame.components === CMYK) throw new UnreadKind("a JPEG in CMYK, whose colours browsers show otherwise", AS_PNG);
  if (jpegEnding(bytes) !== "whole") throw new Error("it is damaged");
}

function checkPng(bytes: Uint8Array): void {
  checkPngHeaders(bytes);
  for (const { name, sound } of pngChunks(bytes)) {
    if (name === "acTL") throw new UnreadKind("an animated PNG, whose first picture browsers may leave out", AS_PNG);
    if (name === "IDAT" && !sound()) throw new Error("it is damaged");
  }
  if (bytes[24] === SIXTEEN_BITS) throw new UnreadKind("a PNG of 16 bits, which browsers round otherwise", AS_PNG);
}
