/** Pictures in memory. */

/** Grey (1) or red, green, blue (3). */
export type Channels = 1 | 3;

/** Pixels across and down. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of whole pixels. */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/** A picture of 8-bit pixels, `data` [height, width, channels], row-major, 0..255. */
export interface Image extends Size {
  readonly channels: Channels;
  readonly data: Uint8Array;
}

/** A black picture of another's number of channels. */
export function blankLike({ channels }: Image, { width, height }: Size): Image {
  return { width, height, channels, data: new Uint8Array(width * height * channels) };
}

/** Weights of red, green and blue in luma (ITU-R 601-2) as 16-bit fractions; they add up to 1, so grey stays as it is. */
const LUMA = [19595, 38470, 7471] as const;
const HALF = 0x8000;

/** The picture with so many channels: grey is repeated, colour becomes luma rounded to the nearest, as in Pillow. */
export function withChannels(image: Image, channels: Channels): Image {
  if (image.channels === channels) return image;
  const { width, height, data } = image;
  const pixels = width * height;
  const converted = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    if (channels === 3) converted.fill(data[i]!, 3 * i, 3 * i + 3);
    else converted[i] = luma(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!);
  }
  return { width, height, channels, data: converted };
}

/** How bright a colour is, 0..255, as Pillow's `convert("L")`. */
export const luma = (red: number, green: number, blue: number): number =>
  (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue + HALF) >> 16;
