/** What a picture looks like in a few bytes, so that copies of it are found although their files differ. */
import { type Image, withChannels } from "../../image/index.ts";

/** What is compared of two pictures. */
export interface Fingerprint {
  /** 256 bits in 8 words: whether each cell of a 16×16 grid is lighter than its right neighbour (dHash). */
  readonly bits: Uint32Array;
  /** [16, 17], how much lighter each cell is than the whole picture, −255..255. */
  readonly cells: Int16Array;
}

const ROWS = 16;
/** One more than there are bits in a row. */
const COLUMNS = 17;
/** Bits in a fingerprint, and in one of its words. */
export const FINGERPRINT_BITS = 256;
const WORD = 32;
/** Bits are stored in another order, so that each group of them is from all over the picture: an odd step through all. */
const STRIDE = 167;
/** About as many pixels are looked at in a large picture. */
const MOST_PIXELS = 100_000;

/** The fingerprint of a picture of any size. */
export function fingerprintOf(image: Image): Fingerprint {
  const means = cellMeans(image);
  const bits = new Uint32Array(FINGERPRINT_BITS / WORD);
  for (let i = 0; i < FINGERPRINT_BITS; i++) {
    const cell = Math.floor(i / ROWS) * COLUMNS + (i % ROWS);
    if ((means[cell] ?? 0) <= (means[cell + 1] ?? 0)) continue;
    const place = (i * STRIDE) % FINGERPRINT_BITS;
    bits[place >>> 5] = (bits[place >>> 5] ?? 0) | (1 << (place & 31));
  }
  const overall = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  return { bits, cells: Int16Array.from(means, (mean) => Math.round(mean - overall)) };
}

/** The mean lightness of the pixels of each cell; a picture with fewer pixels than cells repeats some. */
function cellMeans(image: Image): Float64Array {
  const { width, height } = image;
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / MOST_PIXELS)));
  const grey = withChannels(step === 1 ? image : thinned(image, step), 1);
  const means = new Float64Array(ROWS * COLUMNS);
  for (let row = 0; row < ROWS; row++) {
    const [top, bottom] = span(row, ROWS, grey.height);
    for (let column = 0; column < COLUMNS; column++) {
      const [left, right] = span(column, COLUMNS, grey.width);
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) sum += grey.data[y * grey.width + x] ?? 0;
      }
      means[row * COLUMNS + column] = sum / ((bottom - top) * (right - left));
    }
  }
  return means;
}

/** Every `step`-th pixel of every `step`-th row. */
function thinned({ width, height, channels, data }: Image, step: number): Image {
  const [w, h] = [Math.ceil(width / step), Math.ceil(height / step)];
  const kept = new Uint8Array(w * h * channels);
  let at = 0;
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      for (let c = 0; c < channels; c++) kept[at++] = data[(y * width + x) * channels + c] ?? 0;
    }
  }
  return { width: w, height: h, channels, data: kept };
}

/** Where part `index` of `parts` begins and ends in `length`: at least one long. */
function span(index: number, parts: number, length: number): [from: number, to: number] {
  const from = Math.floor((index * length) / parts);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * length) / parts))];
}
