/** What a file's first bytes tell. */

/** A format that is read. */
export type PictureFormat = "jpeg" | "png" | "webp" | "avif" | "gif" | "tiff" | "bmp" | "pnm";

const FIRST_VISIBLE = 0x20;
/** Where Unicode has pictures of the control characters. */
const CONTROL_PICTURES = 0x2400;

/** The first bytes as Latin letters, control characters as their pictures (U+2400 and on), for patterns to be readable. */
export const visibleStart = (bytes: Uint8Array, length: number): string =>
  Array.from(bytes.subarray(0, length), (byte) =>
    String.fromCharCode(byte < FIRST_VISIBLE ? CONTROL_PICTURES + byte : byte),
  ).join("");

/** The first bytes of the formats. */
const SIGNATURES: readonly (readonly [PictureFormat, RegExp])[] = [
  ["jpeg", /^\xff\xd8\xff/],
  ["png", /^\x89PNG\u240d\u240a\u241a\u240a/],
  ["webp", /^RIFF....WEBP/s],
  ["avif", /^\u2400\u2400..ftyp(....)*?avi[fs]/s],
  ["gif", /^GIF8[79]a/],
  ["tiff", /^(II[*+]\u2400|MM\u2400[*+])/], // and BigTIFF
  ["bmp", /^BM/],
  ["pnm", /^P[1-6][\u2409\u240a\u240b\u240c\u240d #]/],
];
/** Where the names of what an AVIF file is compatible with end at the latest. */
const BEGINNING = 64;

/** The format of a file that begins with `bytes`; undefined for any other. */
export function formatOf(bytes: Uint8Array): PictureFormat | undefined {
  const start = visibleStart(bytes, BEGINNING);
  return SIGNATURES.find(([, signature]) => signature.test(start))?.[0];
}

/** The largest picture that is decoded, in pixels, as in Pillow: guards against small files that unfold to gigabytes. */
export const MAX_PIXELS = 178_956_970;

/** Throws unless a header's size is one that is decoded. */
export function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new Error(`its header says ${width}×${height} pixels`);
  if (width * height > MAX_PIXELS) throw new Error(`pixel limit: ${width}×${height}`);
}
