import { blankLike, type Image, type Size } from "../image.ts";
import { type Interpolation, resample } from "../resample/index.ts";
import type { Transform } from "./transform.ts";

/** Pixels to add at each side, ≥ 0. */
export interface Padding {
  readonly left?: number;
  readonly top?: number;
  readonly right?: number;
  readonly bottom?: number;
}

/** The picture with a border of one colour: `fill` is a value 0..255 for all channels or one for each. */
export function pad(image: Image, padding: Padding, fill: number | readonly number[] = 0): Image {
  const { left = 0, top = 0, right = 0, bottom = 0 } = padding;
  if (left + top + right + bottom === 0) return image;
  const { width, height, channels, data } = image;
  const result = blankLike(image, { width: left + width + right, height: top + height + bottom });
  paintAll(result, fill);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    result.data.set(data.subarray(y * row, (y + 1) * row), ((top + y) * result.width + left) * channels);
  }
  return result;
}

function paintAll({ channels, data }: Image, fill: number | readonly number[]): void {
  if (typeof fill === "number") data.fill(fill);
  else for (let i = 0; i < data.length; i++) data[i] = fill[i % channels]!;
}

/** What `letterbox` takes. */
export interface LetterboxOptions {
  /** The border's value 0..255 for all channels or one for each; 0 by default. */
  readonly fill?: number | readonly number[];
  readonly interpolation?: Interpolation;
}

/** The size of a picture that was shrunk or stretched to fit into `outer`, its shape kept; sides of at least one pixel. */
export function fittedSize({ width, height }: Size, outer: Size): Size {
  const scale = Math.min(outer.width / width, outer.height / height);
  const along = (side: number, limit: number): number => Math.min(limit, Math.max(1, Math.round(side * scale)));
  return { width: along(width, outer.width), height: along(height, outer.height) };
}

/** The whole picture in a square of `size` pixels, its shape kept, with borders on two sides. */
export function letterbox(size: number, { fill = 0, interpolation }: LetterboxOptions = {}): Transform {
  return (image) => {
    const fitted = resample(image, { size: fittedSize(image, { width: size, height: size }), interpolation });
    const left = Math.floor((size - fitted.width) / 2);
    const top = Math.floor((size - fitted.height) / 2);
    return pad(fitted, { left, top, right: size - fitted.width - left, bottom: size - fitted.height - top }, fill);
  };
}
