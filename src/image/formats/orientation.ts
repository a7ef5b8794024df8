/** How a picture is to be turned: what its EXIF data or its XMP say, as Pillow reads them. */
import { inflate } from "./inflate.ts";
import { jpegExtras } from "./jpeg.ts";
import { pngChunks } from "./png.ts";
import { formatOf, type PictureFormat } from "./sniff.ts";
import { readTiffDirectory } from "./tiff-directory.ts";

const ORIENTATION = 0x112;
const XMP_TAG = 700;
const UPRIGHT = 1;
const EXIF_HEAD = "Exif\0\0";
const JPEG_XMP_HEAD = "http://ns.adobe.com/xap/1.0/\0";
/** What the header of a WebP file says to be in it. */
const WEBP_HAS_EXIF = 8;
const WEBP_HAS_XMP = 4;
const PNG_XMP = "XML:com.adobe.xmp";
const PNG_PROFILE = "Raw profile type exif";

/** What a file holds about its picture. */
interface Extras {
  readonly exif?: Uint8Array;
  readonly xmp?: string;
}

/** EXIF's number, 1..8; 1 is as stored. What is damaged or says anything else is 1. */
export async function orientationOf(bytes: Uint8Array, format: PictureFormat): Promise<number> {
  const { exif, xmp } = await extrasOf(bytes, format);
  const said = (exif && exifOrientation(exif)) ?? (xmp === undefined ? undefined : xmpOrientation(xmp));
  return said !== undefined && UPRIGHT <= said && said <= 8 ? said : UPRIGHT;
}

async function extrasOf(bytes: Uint8Array, format: PictureFormat): Promise<Extras> {
  if (format === "jpeg") return extrasOfJpeg(jpegExtras(bytes));
  if (format === "png") return pngExtras(bytes);
  if (format === "webp") return webpExtras(bytes);
  if (format === "tiff") {
    const packet = readTiffDirectory(bytes).tags.get(XMP_TAG);
    return { exif: bytes, xmp: packet && latin(packet.data) };
  }
  return {};
}

/** The orientation in a block of EXIF data, which may have the head that JPEG gives it, also repeated. */
function exifOrientation(block: Uint8Array): number | undefined {
  let data = block;
  while (startsWith(data, EXIF_HEAD)) data = data.subarray(EXIF_HEAD.length);
  if (data.length === 0) return undefined;
  if (formatOf(data) !== "tiff") return UPRIGHT;
  const tag = readTiffDirectory(data).tags.get(ORIENTATION);
  if (!tag) return undefined;
  return tag.type === 1 ? UPRIGHT : tag.values[0]; // Pillow takes a byte for text
}

function xmpOrientation(xmp: string): number | undefined {
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(xmp);
  return found ? Number(found[1]) : undefined;
}

function latin(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

const startsWith = (bytes: Uint8Array, head: string): boolean => latin(bytes.subarray(0, head.length)) === head;

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** EXIF data may go on in a second segment. Of XMP the last counts. */
function extrasOfJpeg(segments: readonly Uint8Array[]): Extras {
  const exif = segments.filter((segment) => startsWith(segment, EXIF_HEAD));
  const xmp = segments.filter((segment) => startsWith(segment, JPEG_XMP_HEAD)).at(-1);
  const data = exif.map((segment, index) => segment.subarray(index === 0 ? 0 : EXIF_HEAD.length));
  return {
    exif: exif.length > 0 ? joined(data) : undefined,
    xmp: xmp && latin(xmp.subarray(JPEG_XMP_HEAD.length)),
  };
}

/** The chunks may stand before or behind the pixels. EXIF data as text is what programs wrote before there was a chunk for it. */
async function pngExtras(bytes: Uint8Array): Promise<Extras> {
  let exif: Uint8Array | undefined;
  let profile: Uint8Array | undefined;
  let packedProfile: Uint8Array | undefined;
  let xmp: Uint8Array | undefined;
  for (const { name, data } of pngChunks(bytes)) {
    if (name === "eXIf") exif = data;
    else if (name === "iTXt" && startsWith(data, `${PNG_XMP}\0`)) xmp = data;
    else if (name === "tEXt" && startsWith(data, `${PNG_PROFILE}\0`))
      [profile, packedProfile] = [data.subarray(22), undefined];
    else if (name === "zTXt" && startsWith(data, `${PNG_PROFILE}\0`)) packedProfile = data.subarray(23);
  }
  if (packedProfile) profile = await inflated(packedProfile); // the last alone
  return {
    exif: exif ?? (profile === undefined ? undefined : fromHex(latin(profile))),
    xmp: xmp && (await internationalText(xmp)),
  };
}

/** The text of an iTXt chunk: keyword, flag, method, language, translated keyword, text. */
async function internationalText(data: Uint8Array): Promise<string> {
  const packed = data[PNG_XMP.length + 1] === 1;
  const language = data.indexOf(0, PNG_XMP.length + 3);
  const text = data.subarray(data.indexOf(0, language + 1) + 1);
  return latin(packed ? await inflated(text) : text);
}

/** No text that says how a picture is to be turned is longer. */
const MAX_TEXT = 2 ** 24;

/** What a zlib stream of text holds; nothing if it is damaged. */
const inflated = (bytes: Uint8Array): Promise<Uint8Array> => inflate(bytes, MAX_TEXT).catch(() => new Uint8Array());

/** The bytes of a profile: three lines of names and lengths, then hexadecimal digits. */
function fromHex(profile: string): Uint8Array | undefined {
  const digits = profile.split("\n").slice(3).join("").replace(/\s/g, "");
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** The chunks of a WebP file: name, length, content, a byte where the length is odd. Those that the header names count, the first of each. */
function webpExtras(bytes: Uint8Array): Extras {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let exif: Uint8Array | undefined;
  let xmp: string | undefined;
  let flags = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const data = bytes.subarray(at + 8, at + 8 + length);
    const name = latin(bytes.subarray(at, at + 4));
    if (name === "VP8X") flags = data[0] ?? 0;
    if (name === "EXIF" && flags & WEBP_HAS_EXIF) exif ??= data;
    if (name === "XMP " && flags & WEBP_HAS_XMP) xmp ??= latin(data);
    at += 8 + length + (length % 2);
  }
  return { exif, xmp };
}
