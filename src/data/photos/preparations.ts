/** How photos are prepared where nothing else is said. */
import type { PreparationSpec } from "../../image/index.ts";

/** Means and standard deviations of ImageNet's photos, red, green and blue in 0..1, which most weights were trained with. */
export const IMAGENET_NORMALISATION = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** How training and validation photos are prepared. */
export interface PhotoPreparations {
  readonly train: PreparationSpec;
  readonly val: PreparationSpec;
}

const DEFAULT_SIZE = 224;
/** The shorter side before the centre crop, as a multiple of the crop: 256 for 224. */
const RESIZE_RATIO = 256 / 224;

/** `recipe` (`standard` by default) for training; resize and centre crop for validation. 224 pixels, as ImageNet's networks. */
export function photoPreparations({
  recipe = "standard",
  size = DEFAULT_SIZE,
  resize = Math.round(size * RESIZE_RATIO),
  interpolation = "bilinear",
  mean = IMAGENET_NORMALISATION.mean,
  std = IMAGENET_NORMALISATION.std,
  exif = false,
}: Partial<PreparationSpec> = {}): PhotoPreparations {
  const common = { size, resize, interpolation, mean, std, exif };
  return { train: { ...common, recipe }, val: { ...common, recipe: "none" } };
}
