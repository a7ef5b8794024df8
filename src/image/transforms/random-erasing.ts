import type { Rng } from "../../rng.ts";
import type { Box, Size } from "../image.ts";
import { roundHalfEven } from "../rounding.ts";
import type { CropRange } from "./random-resized-crop.ts";

/** Makes a tensor [C, H, W] from a tensor of the same shape; random only through `rng`. May change its argument. */
export type TensorTransform = (tensor: Float32Array, size: Size, rng: Rng) => Float32Array;

/** What `randomErasing` takes. */
export interface ErasingOptions extends Partial<CropRange> {
  /** 0.5 by default. */
  readonly probability?: number;
  /** What is put in: one number for all channels, 0 by default, or normal noise. */
  readonly value?: number | "random";
}

/** The range of the paper ("Random erasing data augmentation", Zhong et al. 2017); the ratio is height over width. */
export const ERASED_RANGE: CropRange = { scale: [0.02, 0.33], ratio: [0.3, 3.3] };

const TRIES = 10;

/** Overwrites a random rectangle of a normalised picture, as torchvision's `RandomErasing`. */
export function randomErasing(options: ErasingOptions = {}): TensorTransform {
  const { probability = 0.5, value = 0, scale = ERASED_RANGE.scale, ratio = ERASED_RANGE.ratio } = options;
  return (tensor, size, rng) => {
    if (rng.uniform() >= probability) return tensor;
    const box = sampleErasedBox(size, { scale, ratio }, rng);
    if (!box) return tensor;
    return erase(tensor, size, { box, valueAt: value === "random" ? () => rng.normal() : () => value });
  };
}

/** A box smaller than the picture on both sides; undefined after ten misses. */
export function sampleErasedBox({ width, height }: Size, { scale, ratio }: CropRange, rng: Rng): Box | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * rng.uniform(...scale);
    const aspect = Math.exp(rng.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const h = roundHalfEven(Math.sqrt(area * aspect));
    const w = roundHalfEven(Math.sqrt(area / aspect));
    if (h < height && w < width) {
      const top = rng.integer(0, height - h);
      return { top, left: rng.integer(0, width - w), width: w, height: h };
    }
  }
  return undefined;
}

/** Overwrites the box in every channel of `tensor` [C, H, W], in place. */
export function erase(
  tensor: Float32Array,
  { width, height }: Size,
  { box, valueAt }: { box: Box; valueAt: () => number },
): Float32Array {
  for (let plane = 0; plane < tensor.length; plane += width * height) {
    for (let y = box.top; y < box.top + box.height; y++) {
      const row = plane + y * width + box.left;
      for (let x = row; x < row + box.width; x++) tensor[x] = valueAt();
    }
  }
  return tensor;
}
