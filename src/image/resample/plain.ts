import { blankLike, type Image } from "../image.ts";
import { ROUNDING, WEIGHT_BITS, type Weights } from "./weights.ts";

/** The two axes of a resampling; `first` counts from the left and the top of the area that is resampled. */
export interface Passes {
  readonly across: Weights;
  readonly down: Weights;
  /** Where the area begins in the source. */
  readonly left: number;
  readonly top: number;
  /** The rows of the area that `down` reads: from `firstRow` on, `rows` of them. */
  readonly firstRow: number;
  readonly rows: number;
}

const toByte = (sum: number): number => Math.max(0, Math.min(255, sum >> WEIGHT_BITS));

/** Pillow's two passes in plain loops: rows first, rounded to 8 bits, then columns. */
export function resamplePlain(image: Image, passes: Passes): Image {
  return resampleColumns(resampleRows(image, passes), passes);
}

function resampleRows(image: Image, { across, left, top, firstRow, rows }: Passes): Image {
  const { channels, data } = image;
  const result = blankLike(image, { width: across.first.length, height: rows });
  let at = 0;
  for (let y = 0; y < rows; y++) {
    const row = (top + firstRow + y) * image.width + left;
    for (let x = 0; x < result.width; x++) {
      const start = (row + across.first[x]!) * channels;
      const taps = across.taps[x]!;
      const weight = x * across.stride;
      for (let channel = 0; channel < channels; channel++) {
        let sum = ROUNDING;
        for (let tap = 0; tap < taps; tap++) {
          sum += data[start + tap * channels + channel]! * across.values[weight + tap]!;
        }
        result.data[at++] = toByte(sum);
      }
    }
  }
  return result;
}

function resampleColumns(image: Image, { down, firstRow }: Passes): Image {
  const result = blankLike(image, { width: image.width, height: down.first.length });
  const row = image.width * image.channels;
  for (let y = 0; y < result.height; y++) {
    const start = (down.first[y]! - firstRow) * row;
    const taps = down.taps[y]!;
    const weight = y * down.stride;
    for (let x = 0; x < row; x++) {
      let sum = ROUNDING;
      for (let tap = 0; tap < taps; tap++) sum += image.data[start + tap * row + x]! * down.values[weight + tap]!;
      result.data[y * row + x] = toByte(sum);
    }
  }
  return result;
}
