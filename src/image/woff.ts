/** Unpacking fonts of the web (WOFF 1.0, https://www.w3.org/TR/WOFF/) to the TrueType files that libraries read. */
import { inflateSync } from "node:zlib";

const WOFF_SIGNATURE = 0x774f4646; // "wOFF"
const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;

/** The next multiple of four, where each table of a font begins. */
const padded = (length: number): number => (length + 3) & ~3;

/** The TrueType (or OpenType) file inside a WOFF 1.0 file. Anything else is an `Error`: we ship the fonts ourselves. */
export function woffToTrueType(woff: Buffer): Buffer {
  if (woff.length < WOFF_HEADER || woff.readUInt32BE(0) !== WOFF_SIGNATURE) throw new Error("not a WOFF 1.0 file");
  const count = woff.readUInt16BE(12);
  const font = Buffer.alloc(woff.readUInt32BE(16));
  woff.copy(font, 0, 4, 8); // flavour: TrueType or CFF outlines
  writeSearchHeader(font, count);
  let end = SFNT_HEADER + SFNT_ENTRY * count;
  for (let i = 0; i < count; i++) {
    const entry = WOFF_HEADER + WOFF_ENTRY * i;
    const [offset, packedLength, length] = [4, 8, 12].map((field) => woff.readUInt32BE(entry + field)) as Triple;
    const packed = woff.subarray(offset, offset + packedLength);
    (packedLength < length ? inflateSync(packed) : packed).copy(font, end);
    const record = SFNT_HEADER + SFNT_ENTRY * i;
    woff.copy(font, record, entry, entry + 4); // tag
    woff.copy(font, record + 4, entry + 16, entry + 20); // checksum
    font.writeUInt32BE(end, record + 8);
    font.writeUInt32BE(length, record + 12);
    end += padded(length);
  }
  return font;
}

type Triple = [number, number, number];

/** The number of tables and three figures derived from it for a binary search (OpenType, "Table directory"). */
function writeSearchHeader(font: Buffer, count: number): void {
  const exponent = Math.floor(Math.log2(count));
  const range = 2 ** exponent * SFNT_ENTRY;
  font.writeUInt16BE(count, 4);
  font.writeUInt16BE(range, 6);
  font.writeUInt16BE(exponent, 8);
  font.writeUInt16BE(count * SFNT_ENTRY - range, 10);
}
