/** What the chunks of a PNG tell without decoding it. Format: https://www.w3.org/TR/png-3/ */
import { Damaged } from "./refusals.ts";

const SIGNATURE = 8;
/** Bytes of a chunk besides its content: length, name, checksum. */
const AROUND = 12;

/** One chunk. */
export interface PngChunk {
  readonly name: string;
  readonly data: Uint8Array;
  /** Whether its checksum is right. */
  readonly sound: () => boolean;
}

/** The chunks that are whole, up to the end of the picture. */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE; at + AROUND <= bytes.length; ) {
    const end = at + AROUND + view.getUint32(at);
    if (end > bytes.length) return;
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const sound = (start: number) => () => crc32(bytes.subarray(start + 4, end - 4)) === view.getUint32(end - 4);
    yield { name, data: bytes.subarray(at + 8, end - 4), sound: sound(at) };
    if (name === "IEND") return;
    at = end;
  }
}

let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    return crc;
  });
}

/** The checksum that PNG and zip files use. */
export function crc32(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** Throws if a chunk before the pixels has a wrong checksum: size, palette, transparency. The decoder looks at the pixels'. */
export function checkPngHeaders(bytes: Uint8Array): void {
  for (const { name, sound } of pngChunks(bytes)) {
    if (name === "IDAT") return;
    if (!sound()) throw new Damaged(`the checksum of its ${name} is wrong`);
  }
}

/** Whether a PNG's header tells 16 bits of grey without alpha. */
export const isSixteenBitGrayPng = (bytes: Uint8Array): boolean => bytes[24] === 16 && bytes[25] === 0;
