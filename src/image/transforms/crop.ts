import { type Box, blankLike, type Image, type Size } from "../image.ts";
import { roundHalfEven } from "../rounding.ts";
import { pad } from "./pad.ts";
import type { Transform } from "./transform.ts";

/** The part of a picture in `box`; black where the box reaches beyond the picture. */
export function crop(image: Image, box: Box): Image {
  const { width, height, channels, data } = image;
  const result = blankLike(image, box);
  const left = Math.max(0, box.left);
  const right = Math.min(width, box.left + box.width);
  if (left >= right) return result;
  for (let y = Math.max(0, box.top); y < Math.min(height, box.top + box.height); y++) {
    const row = data.subarray((y * width + left) * channels, (y * width + right) * channels);
    result.data.set(row, ((y - box.top) * box.width + left - box.left) * channels);
  }
  return result;
}

/** The box of `inner` in the middle of `outer`, which is at least as large; halves are rounded to even, as torchvision's. */
export const centredBox = (outer: Size, inner: Size): Box => ({
  left: roundHalfEven((outer.width - inner.width) / 2),
  top: roundHalfEven((outer.height - inner.height) / 2),
  width: inner.width,
  height: inner.height,
});

/** The middle of the picture, `width`×`height` pixels; a smaller picture is padded with black before. */
export function cropCentre(image: Image, { width, height }: Size): Image {
  const across = Math.max(0, width - image.width);
  const down = Math.max(0, height - image.height);
  const padded = pad(image, {
    left: Math.floor(across / 2),
    top: Math.floor(down / 2),
    right: Math.ceil(across / 2),
    bottom: Math.ceil(down / 2),
  });
  return crop(padded, centredBox(padded, { width, height }));
}

/** `cropCentre` to a square as a transform. */
export const centerCrop =
  (size: number): Transform =>
  (image) =>
    cropCentre(image, { width: size, height: size });
