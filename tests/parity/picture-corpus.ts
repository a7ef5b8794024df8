/** The corpus of small pictures and Pillow's answers: see tools/golden/pictures-corpus.py, which makes both. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Pixels in the form of the corpus: the beginning of their SHA-256, or base64 (AVIF). */
export interface Answer {
  readonly width: number;
  readonly height: number;
  readonly rgb: string;
}

/** A picture's bytes in base64, and what Pillow makes of it: an error, or its pixels as stored, as grey and turned. */
export interface CorpusPicture extends Partial<Answer> {
  readonly name: string;
  readonly file: string;
  readonly error?: string;
  readonly format?: string;
  readonly grey?: string;
  readonly turned?: Answer;
}

/** All of them. */
export const CORPUS: readonly CorpusPicture[] = JSON.parse(
  gunzipSync(readFileSync(new URL("../../tools/golden/pictures-corpus.json.gz", import.meta.url))).toString(),
);

/** Pixels as the corpus has them. */
export const digest = (pixels: Uint8Array): string => createHash("sha256").update(pixels).digest("hex").slice(0, 16);

/** Where ocelli differs from Pillow by intent, and why. */
export const INTENDED: readonly (readonly [RegExp, string])[] = [
  [/AVIF/, "chroma is enlarged otherwise (compared below), and AVIF's own turning is part of the picture"],
  [/^BMP of (16|32) bits, (4444|RGBX|10 bits)/, "Pillow lacks these bit fields; the format says what they mean"],
  [/^BMP in runs, (ended early|with jumps)$/, "Pillow lacks it; what is left open has index 0, as the format says"],
  [/^BMP of 257 colours$/, "Pillow refuses the count; pixels can only name 256"],
  [/^BMP in runs of 4 bits$/, "Pillow drops the last of an odd number of pixels"],
  [
    /^EXIF a wrong (byte order|magic number), (PNG|WebP)/,
    "Pillow cannot turn it; the picture is as stored, as in JPEG",
  ],
];
