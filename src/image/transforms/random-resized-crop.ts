import type { Rng } from "../../rng.ts";
import type { Box, Size } from "../image.ts";
import { type Interpolation, resample } from "../resample/index.ts";
import { roundHalfEven } from "../rounding.ts";
import type { Transform } from "./transform.ts";

/** How large and how narrow the cut may be. */
export interface CropRange {
  /** The share of the picture's area. */
  readonly scale: readonly [low: number, high: number];
  /** Width over height. */
  readonly ratio: readonly [low: number, high: number];
}

/** The range of Inception's training ("Going deeper with convolutions", Szegedy et al. 2014). */
export const INCEPTION: CropRange = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] };

const TRIES = 10;

/** Crops a random area and aspect ratio, then resizes to `size`×`size` pixels (Inception crop). */
export function randomResizedCrop(
  size: number,
  range: CropRange = INCEPTION,
  interpolation?: Interpolation,
): Transform {
  return (image, rng) =>
    resample(image, { area: sampleBox(image, range, rng), size: { width: size, height: size }, interpolation });
}

/** A box inside the picture; after ten misses, the largest centred box of an allowed ratio (as torchvision). */
export function sampleBox({ width, height }: Size, { scale, ratio }: CropRange, rng: Rng): Box {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * rng.uniform(...scale);
    const aspect = Math.exp(rng.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(area * aspect));
    const h = roundHalfEven(Math.sqrt(area / aspect));
    if (0 < w && w <= width && 0 < h && h <= height) {
      const top = rng.integer(0, height - h);
      return { left: rng.integer(0, width - w), top, width: w, height: h };
    }
  }
  return largestCentredBox({ width, height }, ratio);
}

function largestCentredBox(size: Size, [narrowest, widest]: CropRange["ratio"]): Box {
  const { width, height } = size;
  const ratio = width / height;
  const inner = { width, height };
  if (ratio < narrowest) inner.height = Math.min(height, Math.max(1, roundHalfEven(width / narrowest)));
  else if (ratio > widest) inner.width = Math.min(width, Math.max(1, roundHalfEven(height * widest)));
  return {
    ...inner,
    left: Math.floor((width - inner.width) / 2),
    top: Math.floor((height - inner.height) / 2),
  };
}
