import type { Box, Image, Size } from "../image.ts";
import { type Interpolation, type PartialResampling, partOf, resample, resamplePart } from "../resample/index.ts";
import { centredBox, cropCentre } from "./crop.ts";
import type { Transform } from "./transform.ts";

/** The picture in another size, as Pillow's `resize`. */
export const resizeTo = (image: Image, size: Size, interpolation?: Interpolation): Image =>
  image.width === size.width && image.height === size.height ? image : resample(image, { size, interpolation });

/** The size of a picture whose shorter side becomes `short` pixels; the longer one is cut off to a whole number. */
export function shortSideSize({ width, height }: Size, short: number): Size {
  const long = Math.floor((short * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: short, height: long } : { width: long, height: short };
}

/** Brings the shorter side to `short` pixels, the shape kept: torchvision's `Resize(int)`. */
export const resize =
  (short: number, interpolation?: Interpolation): Transform =>
  (image) =>
    resizeTo(image, shortSideSize(image, short), interpolation);

/**
 * `resize(short)` and then the middle `side`×`side` pixels, made without the pixels around it. Where the middle is larger
 * than the picture, it is padded with black.
 */
export function resizeAndCropCentre(image: Image, short: number, side: number, interpolation?: Interpolation): Image {
  const size = shortSideSize(image, short);
  const square = { width: side, height: side };
  if (side > size.width || side > size.height) return cropCentre(resizeTo(image, size, interpolation), square);
  return resample(image, { size, window: centredBox(size, square), interpolation });
}

/** The part of a picture that `resizeAndCropCentre` looks at, so that the rest need not be decoded. */
export function centrePart(whole: Size, short: number, side: number, interpolation?: Interpolation): Box {
  const resampling = centreResampling(whole, short, side, interpolation);
  return resampling ? partOf(resampling) : { left: 0, top: 0, ...whole };
}

/** `resizeAndCropCentre` by that part of a picture of the size `whole`. */
export function resizeAndCropPart(
  part: Image,
  whole: Size,
  {
    short,
    side,
    interpolation,
  }: { readonly short: number; readonly side: number; readonly interpolation?: Interpolation },
): Image {
  const resampling = centreResampling(whole, short, side, interpolation);
  return resampling ? resamplePart(part, resampling) : resizeAndCropCentre(part, short, side, interpolation);
}

function centreResampling(
  whole: Size,
  short: number,
  side: number,
  interpolation: Interpolation = "bilinear",
): PartialResampling | undefined {
  const size = shortSideSize(whole, short);
  if (side > size.width || side > size.height || interpolation === "nearest") return undefined;
  return { whole, size, window: centredBox(size, { width: side, height: side }), interpolation };
}
