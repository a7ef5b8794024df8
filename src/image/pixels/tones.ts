/** Changes of tone that look at one value at a time, as Pillow's `ImageOps`. */
import type { Image } from "../image.ts";
import { histogram, mapValues, type Table, tableOf } from "./tables.ts";

const MAX = 255;

/** The negative. */
export const invert = (image: Image): Image =>
  mapValues(
    image,
    tableOf((value) => MAX - value),
  );

/** Keeps the upper `bits` (1..8) of each value. */
export const posterize = (image: Image, bits: number): Image =>
  mapValues(
    image,
    tableOf((value) => value & ~(2 ** (8 - bits) - 1)),
  );

/** The negative of values of at least `threshold`. */
export const solarize = (image: Image, threshold: number): Image =>
  mapValues(
    image,
    tableOf((value) => (value < threshold ? value : MAX - value)),
  );

const identity = tableOf((value) => value);

const forEachChannel = (image: Image, tableFor: (counts: Uint32Array) => Table): Image =>
  mapValues(image, ...Array.from({ length: image.channels }, (_, channel) => tableFor(histogram(image, channel))));

/** Stretches each channel so that its darkest value becomes 0 and its lightest 255. */
export const autocontrast = (image: Image): Image => forEachChannel(image, stretched);

function stretched(counts: Uint32Array): Table {
  const low = counts.findIndex((count) => count > 0);
  const high = counts.findLastIndex((count) => count > 0);
  if (high <= low) return identity;
  const scale = MAX / (high - low);
  const offset = -low * scale;
  return tableOf((value) => Math.max(0, Math.min(MAX, Math.trunc(value * scale + offset))));
}

/** Spreads the values of each channel so that all parts of 0..255 are used alike. */
export const equalize = (image: Image): Image => forEachChannel(image, equalized);

function equalized(counts: Uint32Array): Table {
  const present = counts.filter((count) => count > 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const step = Math.floor((total - present.at(-1)!) / MAX);
  if (present.length <= 1 || step === 0) return identity;
  let sum = Math.floor(step / 2);
  return tableOf((value) => {
    const level = Math.floor(sum / step);
    sum += counts[value]!;
    return Math.min(MAX, level);
  });
}
