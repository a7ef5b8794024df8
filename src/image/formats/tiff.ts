/** Which TIFF files are decoded: those of which libvips gives Pillow's pixels, and whose parts are all there. */

import { Damaged, UnreadKind } from "./refusals.ts";
import { readTiffDirectory, type TiffDirectory } from "./tiff-directory.ts";

const SAVE_PLAIN = "Save it as PNG, or as TIFF with LZW or Deflate.";
const SAVE_PNG = "Save it as PNG, in RGB or grey.";

const RAW = 1;
const JPEG = 7;
/** Compressions that are read. */
const READ = [RAW, 2, 3, 4, 5, JPEG, 8, 32773, 32946];
/** Names of others. */
const COMPRESSIONS: Readonly<Record<number, string>> = {
  6: "an old form of JPEG",
  34661: "JBIG",
  34712: "JPEG 2000",
  34892: "lossy JPEG",
  34925: "LZMA",
  50000: "Zstandard",
  50001: "WebP",
  50002: "JPEG XL",
};

const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;
const RGB = 2;
const PALETTE = 3;
const CMYK = 5;
const YCBCR = 6;
const COLOURS = ["grey", "grey", "RGB", "a palette", "a mask", "CMYK", "YCbCr", "", "CIE L*a*b*", "ICC L*a*b*"];

const UNSIGNED = 1;
const SIGNED = 2;
const FLOAT = 3;

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly photometric: number | undefined;
  readonly compression: number;
  readonly samples: number;
  readonly bits: readonly number[];
  readonly formats: readonly number[];
  readonly planar: boolean;
  readonly extras: readonly number[];
}

function layoutOf({ tags }: TiffDirectory): Layout {
  const first = (tag: number, usual: number): number => tags.get(tag)?.values[0] ?? usual;
  return {
    width: first(256, 0),
    height: first(257, 0),
    photometric: tags.get(262)?.values[0],
    compression: first(259, RAW),
    samples: first(277, 1),
    bits: tags.get(258)?.values ?? [1],
    formats: tags.get(339)?.values ?? [UNSIGNED],
    planar: first(284, 1) === 2,
    extras: tags.get(338)?.values ?? [],
  };
}

/** Throws unless a TIFF's first picture is of a kind whose pixels are known to be right, and all of it is in the file. */
export function checkTiff(bytes: Uint8Array): void {
  const directory = readTiffDirectory(bytes);
  const layout = layoutOf(directory);
  if (!(layout.width > 0 && layout.height > 0)) throw new Damaged("its directory is cut off");
  if (!READ.includes(layout.compression)) {
    const name = COMPRESSIONS[layout.compression];
    if (name) throw new UnreadKind(`a TIFF compressed by ${name}`, SAVE_PLAIN);
    throw new UnreadKind(`a TIFF with compression ${layout.compression}`, SAVE_PLAIN);
  }
  if (!isReadKind(layout, directory)) throw new UnreadKind(`a TIFF of ${describe(layout)}`, SAVE_PNG);
  checkParts(bytes, directory, layout);
}

function describe({ photometric, samples, bits, formats, planar, extras }: Layout): string {
  const colours = COLOURS[photometric ?? -1] || "unknown colours";
  const kind = { [UNSIGNED]: "", [SIGNED]: "signed ", [FLOAT]: "floating-point " }[formats[0] ?? UNSIGNED] ?? "other ";
  const more = extras.length > 0 ? ` with ${extras.length} more` : "";
  return `${colours} in ${samples} ${kind}channel${samples === 1 ? "" : "s"} of ${bits[0]} bits${more}${planar ? ", a plane each" : ""}`;
}

const isAlpha = (extras: readonly number[]): boolean => extras.length === 1 && extras[0] === 2;

function isReadKind(layout: Layout, directory: TiffDirectory): boolean {
  const { photometric, samples, bits, formats, planar, extras, compression } = layout;
  const [depth = 1] = bits;
  const [format] = formats;
  if (bits.some((other) => other !== depth) || formats.some((other) => other !== format)) return false;
  if (planar && extras.length > 0) return false;
  if (format !== UNSIGNED) {
    const plain = photometric === BLACK_IS_ZERO && samples === 1 && depth === 32;
    return plain && (format === SIGNED || format === FLOAT);
  }
  switch (photometric) {
    case WHITE_IS_ZERO:
      return samples === 1 && depth <= 8;
    case BLACK_IS_ZERO:
      return samples === 1 ? depth <= 16 || depth === 32 : samples === 2 && depth === 8 && isAlpha(extras);
    case RGB:
      return (depth === 8 || depth === 16) && (samples === 3 || (samples === 4 && isKnownExtra(extras, depth)));
    case PALETTE:
      return isReadPalette(directory, depth) && (samples === 1 || (samples === 2 && depth === 8 && isAlpha(extras)));
    case CMYK:
      return samples === 4 && depth === 8 && extras.length === 0;
    case YCBCR:
      return samples === 3 && depth === 8 && compression === JPEG;
    default:
      return false;
  }
}

const isKnownExtra = (extras: readonly number[], depth: number): boolean =>
  isAlpha(extras) || (extras.length === 1 && depth === 8 && extras[0]! <= 2);

/** Whether a palette is whole and of 16 bits: libvips takes one of 8 bits for black. */
function isReadPalette({ tags }: TiffDirectory, depth: number): boolean {
  const palette = tags.get(320)?.values ?? [];
  return depth <= 8 && palette.length === 3 * 2 ** depth && palette.some((value) => value > 255);
}

/** Throws unless the strips or tiles are as many as the size asks for, each of them in the file and as long as it must be. */
function checkParts(bytes: Uint8Array, { tags }: TiffDirectory, layout: Layout): void {
  const { width, height, samples, bits, planar, compression } = layout;
  const tiled = tags.has(322);
  const offsets = tags.get(tiled ? 324 : 273)?.values ?? [];
  const lengths = tags.get(tiled ? 325 : 279)?.values ?? [];
  const rows = tags.get(278)?.values[0] ?? height;
  const [across, down] = tiled
    ? [tags.get(322)?.values[0] ?? 0, tags.get(323)?.values[0] ?? 0]
    : [width, Math.min(rows, height)];
  if (!(across > 0 && down > 0)) throw new Damaged("its strips have no size");
  const perPlane = Math.ceil(width / across) * Math.ceil(height / down);
  const parts = perPlane * (planar ? samples : 1);
  if (offsets.length !== parts) {
    throw new Damaged(`it has ${offsets.length} parts of its picture and needs ${parts}`);
  }
  if (lengths.length !== parts) throw new Damaged("it does not say how long the parts of its picture are");
  const row = Math.ceil((across * (planar ? 1 : samples) * (bits[0] ?? 1)) / 8);
  offsets.forEach((offset, part) => {
    const length = lengths[part]!;
    if (offset + length > bytes.length) throw new Damaged("it ends too early");
    if (length === 0) throw new Damaged("a part of its picture is empty");
    const lines = tiled ? down : Math.min(down, height - (part % perPlane) * down);
    if (compression === RAW && length < row * lines) throw new Damaged("a part of its picture is too short");
  });
}
