import type { Box, Image, Size } from "../image.ts";
import { type Passes, resamplePlain } from "./plain.ts";
import { resampleSimd } from "./simd.ts";
import { axisWeights, type Interpolation } from "./weights.ts";

export type { Interpolation } from "./weights.ts";

/** What `resample` takes. */
export interface Resampling {
  /** The size that the area is brought to. */
  readonly size: Size;
  /** The area of the picture; the whole by default. Pixels around it do not count, as if it had been cut out before. */
  readonly area?: Box;
  /** The part of the result to make; the whole by default. Pixels are as if it were cut out afterwards. */
  readonly window?: Box;
  /** `bilinear` by default. */
  readonly interpolation?: Interpolation;
}

/** The picture, or an area of it, in another size: to the last bit what Pillow's `crop`, `resize` and `crop` give. */
export function resample(image: Image, resampling: Resampling): Image {
  const passes = passesOf(image, resampling);
  return resampleSimd(image, passes) ?? resamplePlain(image, passes);
}

/** The two passes of a resampling. */
export function passesOf(image: Image, { size, area, window, interpolation = "bilinear" }: Resampling): Passes {
  const from = area ?? { left: 0, top: 0, width: image.width, height: image.height };
  const part = window ?? { left: 0, top: 0, width: size.width, height: size.height };
  checkInside("area", from, image);
  checkInside("window", part, size);
  const across = axisWeights({
    source: from.width,
    target: size.width,
    start: part.left,
    count: part.width,
    interpolation,
  });
  const down = axisWeights({
    source: from.height,
    target: size.height,
    start: part.top,
    count: part.height,
    interpolation,
  });
  const firstRow = down.first[0]!;
  const last = part.height - 1;
  const rows = down.first[last]! + down.taps[last]! - firstRow;
  return { across, down, left: from.left, top: from.top, firstRow, rows };
}

function checkInside(name: string, { left, top, width, height }: Box, whole: Size): void {
  const whole_ = `${whole.width}×${whole.height}`;
  if (0 <= left && 0 <= top && 0 < width && 0 < height && left + width <= whole.width && top + height <= whole.height)
    return;
  throw new Error(`resample: ${name} ${width}×${height} at (${left}, ${top}) is not inside ${whole_} pixels`);
}
