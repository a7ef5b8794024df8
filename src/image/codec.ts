/** Pictures from and to files' bytes. */
import { readFile } from "node:fs/promises";

import { messageOf, UserError } from "../errors.ts";
import { noPicture, undecodable } from "./faults.ts";
import { prepareFonts } from "./fonts.ts";
import { decodeBmp } from "./formats/bmp.ts";
import { cmykToRgb } from "./formats/cmyk.ts";
import { decodeGif } from "./formats/gif.ts";
import { checkJpegKind, jpegEnding, jpegFrame } from "./formats/jpeg.ts";
import { orientationOf } from "./formats/orientation.ts";
import { checkPngHeaders, isSixteenBitGrayPng } from "./formats/png.ts";
import { decodePnm } from "./formats/pnm.ts";
import { Damaged } from "./formats/refusals.ts";
import { formatOf, MAX_PIXELS, type PictureFormat } from "./formats/sniff.ts";
import { checkTiff } from "./formats/tiff.ts";
import { headerOf, type PictureHeader } from "./header.ts";
import { type Box, type Channels, type Image, type Size, withChannels } from "./image.ts";
import { turnByExif } from "./pixels/turn.ts";
import { loadSharp, type Sharp } from "./sharp.ts";
import { crop } from "./transforms/crop.ts";

/** What `decodeImage` takes. */
export interface DecodeOptions {
  /** Channels of the result; 3 by default. */
  readonly channels?: Channels;
  /**
   * Whether to turn the picture as its EXIF data says, as cameras mean it; by default yes. `false` is what torchvision
   * does (but for TIFF, which Pillow always turns).
   */
  readonly orient?: boolean;
  /**
   * Whether grey of 16 bits is cut off at 255, so that most of it is white, as torchvision does. By default it is scaled,
   * as colour of 16 bits always is: the upper 8 bits are kept (or, in PGM, the value is divided and rounded).
   */
  readonly clipSixteenBits?: boolean;
  /**
   * The part of the picture to give, from the picture's size; the whole by default. The pixels are those of the whole
   * picture, but a JPEG is not decoded below them, which takes a quarter less time for areas by chance.
   */
  readonly area?: (size: Size) => Box;
  /** What errors call a picture given as bytes; "image" by default. A path is called by itself. */
  readonly name?: string;
}

/** Resolution at which one unit of an SVG is one pixel. */
const SVG_DENSITY = 72;

/**
 * The picture in a JPEG, PNG, WebP, AVIF, TIFF, BMP, PPM/PGM/PBM or GIF (its first frame) file, given as its path or its bytes,
 * as Pillow's `convert("RGB")` or `convert("L")` gives it: embedded colour profiles are ignored and transparency is
 * dropped. What is missing, empty, of another format, damaged or larger than 178 megapixels is a `UserError`; the size is
 * refused before anything is decoded.
 */
export async function decodeImage(source: string | Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  const name = typeof source === "string" ? `"${source}"` : (options.name ?? "image");
  const bytes = typeof source === "string" ? await readPicture(source) : source;
  const format = formatOf(bytes) ?? noPicture(bytes, name);
  const { channels = 3, area } = options;
  try {
    const part = area && format === "jpeg" ? await jpegArea(bytes, { ...options, area }) : undefined;
    if (part) return withChannels(part, channels);
    const decode = await decoderOf(format);
    const whole = withChannels(await decode(bytes, options), channels);
    return area ? crop(whole, area(whole)) : whole;
  } catch (error) {
    throw await undecodable(bytes, name, error);
  }
}

/** The header of a picture given as its bytes. What is no picture is a `UserError`; damage after the header is not seen. */
export async function readHeader(bytes: Uint8Array, name = "image"): Promise<PictureHeader> {
  if (!formatOf(bytes)) noPicture(bytes, name);
  const header = await headerOf(bytes).catch(async (error: unknown) => {
    throw await undecodable(bytes, name, error);
  });
  if (header.width * header.height > MAX_PIXELS) throw await undecodable(bytes, name, undefined);
  return header;
}

/** A picture's size as its file says it, as `readHeader`, for a JPEG without opening it. */
export async function readSize(bytes: Uint8Array, name = "image"): Promise<Size> {
  const frame = formatOf(bytes) === "jpeg" ? jpegFrame(bytes) : undefined;
  return frame ?? (await readHeader(bytes, name));
}

type Decoder = (bytes: Uint8Array, options: DecodeOptions) => Image | Promise<Image>;

/** What of a decoder's complaints is an error, where it would give other pixels than Pillow or none. */
const STRICTNESS = {
  jpeg: "truncated",
  png: "truncated",
  webp: "truncated",
  avif: "warning",
  tiff: "warning",
} as const;
type SharpFormat = keyof typeof STRICTNESS;
/** Degrees to the right of the orientations that are only turned, which sharp does while it decodes. */
const DEGREES: Readonly<Record<number, number>> = { 3: 180, 6: 90, 8: 270 };

const open = async (bytes: Uint8Array, format: SharpFormat): Promise<Sharp> =>
  (await loadSharp())(bytes, { failOn: STRICTNESS[format], ignoreIcc: true, limitInputPixels: MAX_PIXELS });

/** An area of a JPEG; undefined where the whole is to be decoded: to turn it, to convert it, or to find where it is cut off. */
async function jpegArea(
  bytes: Uint8Array,
  { area, orient = true }: DecodeOptions & { readonly area: (size: Size) => Box },
): Promise<Image | undefined> {
  const frame = jpegFrame(bytes);
  if (!frame || frame.components === 4 || MAX_PIXELS < frame.width * frame.height) return undefined;
  checkJpegKind(frame);
  if (jpegEnding(bytes) !== "whole") return undefined;
  if (orient && (await orientationOf(bytes, "jpeg")) !== 1) return undefined;
  return rawRgb((await open(bytes, "jpeg")).extract(area(frame)));
}

async function decoderOf(format: PictureFormat): Promise<Decoder> {
  if (format === "bmp") return decodeBmp;
  if (format === "pnm") return decodePnm;
  if (format === "gif") return decodeGif;
  return (bytes, options) => decodeBySharp(bytes, format, options);
}

async function decodeBySharp(
  bytes: Uint8Array,
  format: SharpFormat,
  { orient = true, clipSixteenBits = false }: DecodeOptions,
): Promise<Image> {
  checkBytes(bytes, format);
  const orientation = orient || format === "tiff" ? await orientationOf(bytes, format) : 1;
  const degrees = DEGREES[orientation];
  const stored = await open(bytes, format);
  const kind = await kindOf(bytes, format, stored);
  const picture = degrees ? stored.rotate(degrees) : stored;
  const raw = kind === "cmyk" ? rawCmyk : kind === "gray16" && clipSixteenBits ? rawClipped : rawRgb;
  const image = await raw(picture);
  return degrees ? image : turnByExif(image, orientation);
}

/** Throws at what the bytes show and the decoder would pass over. */
function checkBytes(bytes: Uint8Array, format: SharpFormat): void {
  if (format === "tiff") checkTiff(bytes);
  if (format === "png") checkPngHeaders(bytes);
  if (format !== "jpeg") return;
  const frame = jpegFrame(bytes);
  if (frame) checkJpegKind(frame);
  if (jpegEnding(bytes) === "damaged") throw new Damaged("it goes on with what does not belong to it");
}

/** What needs care. Only TIFF makes sharp open the file twice for it. */
async function kindOf(bytes: Uint8Array, format: SharpFormat, picture: Sharp): Promise<"cmyk" | "gray16" | "usual"> {
  if (format === "jpeg") return jpegFrame(bytes)?.components === 4 ? "cmyk" : "usual";
  if (format === "png") return isSixteenBitGrayPng(bytes) ? "gray16" : "usual";
  if (format !== "tiff") return "usual";
  const { space, depth, channels } = await picture.metadata();
  if (space === "cmyk") return "cmyk";
  return depth === "ushort" && channels === 1 ? "gray16" : "usual";
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

/** The bytes as a plain array, since typed arrays of two classes slow down all that works on them. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

async function rawRgb(picture: Sharp): Promise<Image> {
  const raw = picture.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels as Channels, data: plainBytes(data) };
}

async function rawClipped(picture: Sharp): Promise<Image> {
  const raw = picture.toColourspace("grey16").removeAlpha().raw({ depth: "ushort" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return { width: info.width, height: info.height, channels: 1, data: Uint8Array.from(new Uint8ClampedArray(values)) };
}

async function rawCmyk(picture: Sharp): Promise<Image> {
  const raw = picture.pipelineColourspace("cmyk").toColourspace("cmyk").raw({ depth: "uchar" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data: cmykToRgb(data) };
}

/** The picture as a PNG file. The same picture gives the same bytes. */
export async function encodePng({ width, height, channels, data }: Image): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .png()
    .toBuffer();
}

/** The picture as a JPEG file, where a little loss is no matter: photos to be looked at. */
export async function encodeJpeg({ width, height, channels, data }: Image, quality = 80): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .jpeg({ quality })
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
