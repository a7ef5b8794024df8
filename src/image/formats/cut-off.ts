/** Whether a file that cannot be decoded ends too early, as after a copy or a download that was interrupted. */
import type { PictureFormat } from "./sniff.ts";

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** Length of a PNG's last chunk, and where its name is in it. */
const PNG_END = { length: 12, name: Buffer.from("IEND") } as const;
/** Bytes of a RIFF file before those that it counts. */
const RIFF_START = 8;

/**
 * Whether the format's own mark of the end is missing. TIFF has none, and for BMP and PNM the decoders say it: false for
 * those.
 */
export function isCutOff(bytes: Uint8Array, format: PictureFormat): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case "jpeg":
      return !file.includes(END_OF_IMAGE, firstScan(file));
    case "png":
      return !file.subarray(-PNG_END.length).includes(PNG_END.name);
    case "webp":
      return file.length < RIFF_START + 4 || file.length < RIFF_START + file.readUInt32LE(4);
    case "gif":
      return file.at(-1) !== 0x3b;
    default:
      return false;
  }
}

/** Where a JPEG's first scan begins, after the headers, whose thumbnail has ends of its own; its length if it has none. */
function firstScan(file: Buffer): number {
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff) {
    const code = file[at + 1];
    if (code === START_OF_SCAN) return at;
    at += code === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  }
  return file.length;
}
