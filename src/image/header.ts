/** What a picture's file says of the picture before it is decoded. */
import { readBmpHeader } from "./formats/bmp.ts";
import { readGifHeader } from "./formats/gif.ts";
import { orientationOf } from "./formats/orientation.ts";
import { readPnmHeader } from "./formats/pnm.ts";
import { formatOf, type PictureFormat } from "./formats/sniff.ts";
import { loadSharp } from "./sharp.ts";

/** What a file says of its picture. */
export interface PictureHeader {
  readonly format: string;
  /** As stored, before any turning. */
  readonly width: number;
  readonly height: number;
  readonly colours: "grey" | "rgb" | "cmyk" | "palette";
  readonly alpha: boolean;
  /** Bits of each channel. */
  readonly bits: 8 | 16;
  /** How EXIF data says to turn it, 1..8; 1 is as stored. */
  readonly orientation: number;
}

/** The header, of a picture of any size. Throws if it is damaged. */
export async function headerOf(bytes: Uint8Array): Promise<PictureHeader> {
  const format = formatOf(bytes);
  const plain = { alpha: false, orientation: 1 } as const;
  if (format === "bmp") {
    const { width, height, bits } = readBmpHeader(bytes);
    return { ...plain, format, width, height, colours: bits <= 8 ? "palette" : "rgb", bits: 8 };
  }
  if (format === "pnm") {
    const { width, height, kind, maximum } = readPnmHeader(bytes);
    const colours = kind === 3 || kind === 6 ? "rgb" : "grey";
    return { ...plain, format, width, height, colours, bits: maximum > 255 ? 16 : 8 };
  }
  if (format === "gif") {
    const { width, height, palette, transparent } = readGifHeader(bytes);
    const colours = palette ? "palette" : "grey";
    return { ...plain, format, width, height, colours, bits: 8, alpha: transparent !== undefined };
  }
  if (!format) throw new Error("no picture");
  return withSharp(bytes, format);
}

async function withSharp(bytes: Uint8Array, format: PictureFormat): Promise<PictureHeader> {
  const sharp = await loadSharp();
  const found = await sharp(bytes, { limitInputPixels: false }).metadata();
  const { width, height, space = "", isPalette, hasAlpha, depth } = found;
  const grey = space === "b-w" || space === "grey16";
  const colours = isPalette ? "palette" : grey ? "grey" : space === "cmyk" ? "cmyk" : "rgb";
  const bits = depth === "ushort" ? 16 : 8;
  return { format, width, height, colours, alpha: hasAlpha, bits, orientation: await orientationOf(bytes, format) };
}
