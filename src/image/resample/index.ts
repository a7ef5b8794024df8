import type { Box, Image, Size } from "../image.ts";
import { resampleNearest } from "./nearest.ts";
import { type Passes, resamplePlain } from "./plain.ts";
import { resampleSimd, sourceWidth } from "./simd.ts";
import { axisWeights, type Interpolation, type Weighing, type Weights } from "./weights.ts";

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

/** All of a resampling by weights. */
export interface WeighedResampling extends Required<Resampling> {
  readonly interpolation: Weighing;
}

/** Height over width beyond which Pillow shrinks a picture's height before it changes the width. */
const VERY_TALL = 100;

/** The picture, or an area of it, in another size: to the last bit what Pillow's `crop`, `resize` and `crop` give. */
export function resample(image: Image, resampling: Resampling): Image {
  const { size, interpolation = "bilinear" } = resampling;
  const { area = wholeOf(image), window = wholeOf(size) } = resampling;
  checkInside("area", area, image);
  checkInside("window", window, size);
  if (interpolation === "nearest") return resampleNearest(image, { size, area, window });
  if (VERY_TALL * area.width < area.height && size.height < area.height) {
    const short = { width: area.width, height: size.height };
    const shrunk = weigh(image, { size: short, area, window: wholeOf(short), interpolation });
    return weigh(shrunk, { size, area: wholeOf(short), window, interpolation });
  }
  return weigh(image, { size, area, window, interpolation });
}

/** A resampling of a whole picture, of which only the pixels that count are at hand. */
export type PartialResampling = Required<Pick<WeighedResampling, "size" | "window" | "interpolation">> & {
  /** The size of the whole picture. */
  readonly whole: Size;
};

/** The part of a picture whose pixels count; the whole where they are weighed in three passes. */
export function partOf(resampling: PartialResampling): Box {
  const { whole, size } = resampling;
  if (VERY_TALL * whole.width < whole.height && size.height < whole.height) return wholeOf(whole);
  const { across, firstRow, rows } = passesOf({ ...resampling, area: wholeOf(whole) });
  const [left = 0] = across.first;
  return { left, top: firstRow, width: sourceWidth(across) - left, height: rows };
}

/** The resampling by the part that `partOf` names. */
export function resamplePart(image: Image, resampling: PartialResampling): Image {
  const { whole, size, window, interpolation } = resampling;
  const part = partOf(resampling);
  if (part.width === whole.width && part.height === whole.height)
    return resample(image, { size, window, interpolation });
  checkInside("part", { ...part, left: 0, top: 0 }, image);
  const { across, down, rows } = passesOf({ ...resampling, area: wholeOf(whole) });
  const shifted = (weights: Weights, by: number): Weights => ({
    ...weights,
    first: weights.first.map((at) => at - by),
  });
  const passes = {
    across: shifted(across, part.left),
    down: shifted(down, part.top),
    left: 0,
    top: 0,
    firstRow: 0,
    rows,
  };
  return resampleSimd(image, passes) ?? resamplePlain(image, passes);
}

function weigh(image: Image, resampling: WeighedResampling): Image {
  const passes = passesOf(resampling);
  return resampleSimd(image, passes) ?? resamplePlain(image, passes);
}

const wholeOf = ({ width, height }: Size): Box => ({ left: 0, top: 0, width, height });

/** The two passes of a resampling by weights. */
export function passesOf({ size, area, window, interpolation }: WeighedResampling): Passes {
  const across = axisWeights({
    source: area.width,
    target: size.width,
    start: window.left,
    count: window.width,
    interpolation,
  });
  const down = axisWeights({
    source: area.height,
    target: size.height,
    start: window.top,
    count: window.height,
    interpolation,
  });
  const firstRow = down.first[0]!;
  const last = window.height - 1;
  const rows = down.first[last]! + down.taps[last]! - firstRow;
  return { across, down, left: area.left, top: area.top, firstRow, rows };
}

function checkInside(name: string, { left, top, width, height }: Box, whole: Size): void {
  const whole_ = `${whole.width}×${whole.height}`;
  if (0 <= left && 0 <= top && 0 < width && 0 < height && left + width <= whole.width && top + height <= whole.height)
    return;
  throw new Error(`resample: ${name} ${width}×${height} at (${left}, ${top}) is not inside ${whole_} pixels`);
}
