/** What the header of a photo alone tells of it. */
import type { PictureHeader } from "../../image/index.ts";
import { are, photosOf } from "./words.ts";

/** Names of what headers tell. */
export type RuleKind =
  | "exif-rotated"
  | "tiny"
  | "smaller-than-model"
  | "extreme-aspect"
  | "cmyk"
  | "16-bit"
  | "alpha"
  | "palette"
  | "grey";

/** A shorter side of fewer pixels shows hardly anything. */
const TINY = 64;
/** Where the longer side is more than this many times the shorter, a centre crop shows less than a third. */
const EXTREME_ASPECT = 3;

/** Something that the header of a photo alone tells. */
export interface Rule {
  readonly kind: RuleKind;
  /** What is the matter with the photo, "" if the message says it all; undefined if nothing is. */
  readonly test: (header: PictureHeader, size: number) => string | undefined;
  readonly message: (count: number, size: number) => string;
  readonly hint: string;
}

const sides = ({ width, height }: PictureHeader): string => `${width}×${height}`;
const shorter = ({ width, height }: PictureHeader): number => Math.min(width, height);
const aspect = ({ width, height }: PictureHeader): number => Math.max(width, height) / Math.min(width, height);
const mode = (count: number, name: string): string => `${photosOf(count)} ${are(count)} ${name}`;

/** All of them. */
export const RULES: readonly Rule[] = [
  {
    kind: "exif-rotated",
    test: ({ orientation }) => (1 < orientation ? `EXIF orientation ${orientation}` : undefined),
    message: (count) =>
      `${photosOf(count)} ${are(count)} stored turned, and ${are(count)} read upright as EXIF data says`,
    hint: "Nothing need be done. With --no-exif training takes them as stored, as torchvision does.",
  },
  {
    kind: "tiny",
    test: (header) => (shorter(header) < TINY ? sides(header) : undefined),
    message: (count) => `${photosOf(count)} ${count === 1 ? "has" : "have"} a side below ${TINY} pixels`,
    hint: "Use larger ones, or remove them if they show nothing.",
  },
  {
    kind: "smaller-than-model",
    test: (header, size) => (TINY <= shorter(header) && shorter(header) < size ? sides(header) : undefined),
    message: (count, size) =>
      `${photosOf(count)} ${count === 1 ? "has" : "have"} a side below ${size} pixels, what the network takes`,
    hint: "Nothing need be done: they are enlarged.",
  },
  {
    kind: "extreme-aspect",
    test: (header) => (EXTREME_ASPECT < aspect(header) ? sides(header) : undefined),
    message: (count) => `${photosOf(count)} ${are(count)} more than ${EXTREME_ASPECT} times as long as wide`,
    hint: "Crop them to what they are about: validation sees only the square in the middle.",
  },
  {
    kind: "cmyk",
    test: ({ colours }) => (colours === "cmyk" ? "" : undefined),
    message: (count) => mode(count, "in CMYK, the colours of print"),
    hint: "Save them as RGB: converted here, without a colour profile, they look pale or garish.",
  },
  {
    kind: "16-bit",
    test: ({ bits }) => (bits === 16 ? "" : undefined),
    message: (count) => mode(count, "of 16 bits"),
    hint: "Nothing need be done if the upper 8 bits show the picture; otherwise scale them to 8 bits.",
  },
  {
    kind: "alpha",
    test: ({ alpha }) => (alpha ? "" : undefined),
    message: (count) => mode(count, "partly transparent"),
    hint: "Look at them: transparency is dropped, so what it hides appears.",
  },
  {
    kind: "palette",
    test: ({ colours }) => (colours === "palette" ? "" : undefined),
    message: (count) => mode(count, "of a palette of colours"),
    hint: "Nothing need be done: they are read as RGB.",
  },
  {
    kind: "grey",
    test: ({ colours }) => (colours === "grey" ? "" : undefined),
    message: (count) => mode(count, "grey"),
    hint: "Nothing need be done unless one class has most of them: the network would learn that.",
  },
];
