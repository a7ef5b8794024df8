import { blankLike, type Image } from "../image.ts";
import { blendValue } from "./blend.ts";

const { fround } = Math;

/** The weights of Pillow's SMOOTH filter: a pixel and its eight neighbours. */
const CENTRE = fround(5 / 13);
const NEIGHBOUR = fround(1 / 13);

/**
 * The picture smoothed with 3×3 weights, except for its outermost pixels, which stay; in single precision, added up in
 * Pillow's order.
 */
function smooth(image: Image): Image {
  const { width, height, channels, data } = image;
  const result: Image = { ...image, data: data.slice() };
  const row = width * channels;
  const alongRow = (at: number, middle: number): number =>
    fround(
      fround(fround(data[at - channels]! * NEIGHBOUR) + fround(data[at]! * middle)) +
        fround(data[at + channels]! * NEIGHBOUR),
    );
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * row + channels; at < (y + 1) * row - channels; at++) {
      const below = fround(0.5 + alongRow(at + row, NEIGHBOUR));
      result.data[at] = fround(fround(below + alongRow(at, CENTRE)) + alongRow(at - row, NEIGHBOUR));
    }
  }
  return result;
}

/** Sharper for `factor` > 1, blurred for 0; ≥ 0. Pillow's `ImageEnhance.Sharpness` bit for bit. */
export function adjustSharpness(image: Image, factor: number): Image {
  const single = fround(factor);
  if (single === 1) return image;
  const smoothed = smooth(image);
  const result = blankLike(image, image);
  for (let i = 0; i < image.data.length; i++) {
    const plain = smoothed.data[i]!;
    result.data[i] = blendValue(plain, image.data[i]!, single);
  }
  return result;
}
