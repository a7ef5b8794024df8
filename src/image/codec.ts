/** Pictures from and to files' bytes. The only file that imports sharp, and only once a picture is asked for. */
import { readFile } from "node:fs/promises";
import type { Sharp, SharpOptions } from "sharp";
import { messageOf, UserError } from "../errors.ts";
import { prepareFonts } from "./fonts.ts";
import { type Channels, type Image, withChannels } from "./image.ts";

/** What `decodeImage` takes. */
export interface DecodeOptions {
  /** Channels of the result; 3 by default. */
  readonly channels?: Channels;
  /** Whether to turn the picture as its EXIF data says; torchvision does not, so by default not. */
  readonly orient?: boolean;
  /** What errors call a picture given as bytes; "image" by default. A path is called by itself. */
  readonly name?: string;
}

/** The largest picture that is decoded, in pixels: guards against small files that unfold to gigabytes. */
const MAX_PIXELS = 100_000_000;
/** Resolution at which one unit of an SVG is one pixel. */
const SVG_DENSITY = 72;
const CMYK_CHANNELS = 4;

const USE_A_PICTURE = "Use a picture that other programs can open, or remove the file.";

/** The first bytes of the formats that are read, in hex. Told apart here, since libvips would take others too. */
const FORMATS: readonly RegExp[] = [
  /^ffd8ff/, // JPEG
  /^89504e470d0a1a0a/, // PNG
  /^52494646.{8}57454250/, // WebP
  /^474946383[79]61/, // GIF
  /^(4949|4d4d00)2[ab]/, // TIFF, BigTIFF
];

/** sharp, set up for many pictures at once: one thread each, and no memory of pictures that never come again. */
async function loadSharp(): Promise<typeof import("sharp").default> {
  const { default: sharp } = await import("sharp");
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}

/**
 * The picture in a JPEG, PNG, WebP, GIF (its first frame) or TIFF file, given as its path or its bytes, as Pillow's
 * `convert("RGB")` or `convert("L")` gives it: embedded colour profiles are ignored and transparency is dropped. Of 16
 * bits the upper 8 are kept. What is missing, of another format, damaged or larger than 100 megapixels is a `UserError`.
 */
export async function decodeImage(source: string | Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  const name = typeof source === "string" ? `"${source}"` : (options.name ?? "image");
  const bytes = typeof source === "string" ? await readPicture(source) : source;
  checkFormat(bytes, name);
  const sharp = await loadSharp();
  const reading = { failOn: "truncated", ignoreIcc: true, limitInputPixels: MAX_PIXELS } satisfies SharpOptions;
  try {
    const picture = sharp(bytes, { ...reading, autoOrient: options.orient ?? false });
    const { space } = await picture.metadata();
    const decoded = space === "cmyk" ? await rawCmyk(picture) : await rawRgb(picture);
    return withChannels(decoded, options.channels ?? 3);
  } catch (error) {
    throw undecodable(name, error);
  }
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const received = missing ? "it does not exist" : `it cannot be read (${messageOf(error)})`;
    throw new UserError(`"${path}": expected a picture but ${received}.`, "Check the path.", { cause: error });
  }
}

function checkFormat(bytes: Uint8Array, name: string): void {
  const start = Buffer.from(bytes.subarray(0, 12)).toString("hex");
  if (FORMATS.some((format) => format.test(start))) return;
  const received = start === "" ? "it is empty" : `it begins with the bytes ${start.slice(0, 8)}`;
  throw new UserError(`${name}: expected a JPEG, PNG, WebP, GIF or TIFF picture but ${received}.`, USE_A_PICTURE);
}

function undecodable(name: string, error: unknown): UserError {
  const reason = messageOf(error).split("\n")[0]?.trim();
  if (reason?.includes("pixel limit")) {
    const message = `${name}: expected a picture of at most ${MAX_PIXELS / 1e6} megapixels but it is larger.`;
    return new UserError(message, "Make it smaller.", { cause: error });
  }
  return new UserError(`${name}: expected a whole picture but it is damaged (${reason}).`, USE_A_PICTURE, {
    cause: error,
  });
}

async function rawRgb(picture: Sharp): Promise<Image> {
  const raw = picture.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels as Channels, data };
}

/** RGB from CMYK without a colour profile, as Pillow: value = (255 − k) · (1 − ink), with Pillow's rounding. */
async function rawCmyk(picture: Sharp): Promise<Image> {
  const raw = picture.pipelineColourspace("cmyk").toColourspace("cmyk").raw({ depth: "uchar" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const rgb = new Uint8Array(info.width * info.height * 3);
  for (let i = 0; i < rgb.length; i++) {
    const pixel = Math.floor(i / 3) * CMYK_CHANNELS;
    const light = 255 - data[pixel + 3]!;
    rgb[i] = Math.max(0, light - divideBy255(data[pixel + (i % 3)]! * light));
  }
  return { width: info.width, height: info.height, channels: 3, data: rgb };
}

/** product / 255, rounded, in integers. */
function divideBy255(product: number): number {
  const shifted = product + 128;
  return ((shifted >> 8) + shifted) >> 8;
}

/** The picture as a PNG file. The same picture gives the same bytes. */
export async function encodePng({ width, height, channels, data }: Image): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();
}

/**
 * An SVG drawing as a PNG file, `scale` pixels for each of its units. Text is drawn in Inter, whatever fonts the machine
 * has. To be called in the main thread (see `prepareFonts`).
 */
export async function renderSvg(svg: string, { scale = 1 }: { scale?: number } = {}): Promise<Uint8Array> {
  await prepareFonts();
  const sharp = await loadSharp();
  return sharp(Buffer.from(svg), { density: SVG_DENSITY * scale, limitInputPixels: MAX_PIXELS, unlimited: true })
    .png()
    .toBuffer();
}

/** What a picture's file says of it before it is decoded. */
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

/** The header of a picture given as its bytes. What is no picture is a `UserError`; damage after the header is not seen. */
export async function readHeader(bytes: Uint8Array, name = "image"): Promise<PictureHeader> {
  checkFormat(bytes, name);
  const sharp = await loadSharp();
  try {
    const found = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
    const { format, width, height, space = "", isPalette, hasAlpha, depth, orientation } = found;
    const grey = space === "b-w" || space === "grey16";
    const colours = isPalette ? "palette" : grey ? "grey" : space === "cmyk" ? "cmyk" : "rgb";
    const bits = depth === "ushort" ? 16 : 8;
    return { format, width, height, colours, alpha: hasAlpha, bits, orientation: orientation ?? 1 };
  } catch (error) {
    throw undecodable(name, error);
  }
}
