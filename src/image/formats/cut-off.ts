/** Whether a file that cannot be decoded ends too early, as after a copy or a download that was interrupted. */
import { jpegEnding } from "./jpeg.ts";
import { pngChunks } from "./png.ts";
import type { PictureFormat } from "./sniff.ts";

/** Bytes of a RIFF file before those that it counts. */
const RIFF_START = 8;
const GIF_END = 0x3b;

/**
 * Whether the format's own mark of the end is missing. TIFF and AVIF have none, and for BMP and PNM the decoders say it: false
 * for those.
 */
export function isCutOff(bytes: Uint8Array, format: PictureFormat): boolean {
  switch (format) {
    case "jpeg":
      return jpegEnding(bytes) === "cut off";
    case "png":
      return ![...pngChunks(bytes)].some(({ name }) => name === "IEND");
    case "webp":
      return bytes.length < RIFF_START + 4 || bytes.length < RIFF_START + littleEndian(bytes, 4);
    case "gif":
      return bytes.at(-1) !== GIF_END;
    default:
      return false;
  }
}

const littleEndian = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
