import { blankLike, type Image } from "../image.ts";

const LEVELS = 256;

/** A new value for each value of a byte. */
export type Table = Uint8Array;

/** The table of a function of 0..255, whose results are cut off to whole numbers. */
export const tableOf = (valueAt: (value: number) => number): Table =>
  Uint8Array.from({ length: LEVELS }, (_, value) => valueAt(value));

/** The picture with every value replaced by `tables[channel][value]`; one table serves all channels. */
export function mapValues(image: Image, ...tables: readonly Table[]): Image {
  const { data, channels } = image;
  const result = blankLike(image, image);
  const out = result.data;
  for (let channel = 0; channel < channels; channel++) {
    const table = tables[channel] ?? tables[0]!;
    for (let i = channel; i < data.length; i += channels) out[i] = table[data[i]!]!;
  }
  return result;
}

/** How often each value 0..255 occurs in one channel. */
export function histogram({ data, channels }: Image, channel: number): Uint32Array {
  const counts = new Uint32Array(LEVELS);
  for (let i = channel; i < data.length; i += channels) counts[data[i]!]!++;
  return counts;
}
