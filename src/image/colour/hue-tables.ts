/**
 * Turning hues, as Pillow goes to HSV and back: in bytes, with single precision in between, cut off on the way there and
 * rounded on the way back. All that is a function of few small integers, so tables give it bit for bit.
 */

const { fround } = Math;
const LEVELS = 256;
/** Differences of two bytes: −255..255. */
const DIFFERENCES = 511;
/** Sixths of the colour wheel. */
const SECTORS = 6;

/** What a pixel's new colour is looked up in. */
export interface HueTables {
  /** Hue, and chroma (largest − smallest colour) in the upper byte, at [red − green, green − blue]. */
  readonly hue: Uint16Array;
  /** Where `hue` has a pair of differences. */
  readonly hueIndex: (redGreen: number, greenBlue: number) => number;
  /** Saturation at [chroma, largest]. */
  readonly saturation: Uint8Array;
  /** At [saturation], what the smallest colour lacks of the largest, as a share of it. */
  readonly strength: Float64Array;
  /** At [hue], what the middle colour lacks of the largest, as a share of what the smallest one lacks. */
  readonly lack: Float64Array;
  /** At [hue], one byte each from the lowest: which of red, green and blue is largest, which middle, which smallest. */
  readonly places: Uint32Array;
}

/** What is added to a hue's byte to turn it by `turn` of the colour wheel, −½..½. */
export const hueShift = (turn: number): number => Math.trunc(turn * 255) & 255;

const hueIndex = (redGreen: number, greenBlue: number): number => (redGreen + 255) * DIFFERENCES + greenBlue + 255;

/** The tables; made anew at each call. */
export function makeHueTables(): HueTables {
  const table = (valueAt: (row: number, column: number) => number) => (_: unknown, index: number) =>
    valueAt(Math.floor(index / LEVELS), index % LEVELS);
  const length = LEVELS * LEVELS;
  return {
    hue: hueAndChroma(),
    hueIndex,
    saturation: Uint8Array.from(
      { length },
      table((chroma, largest) => Math.min(1, fround(chroma / largest)) * 255),
    ),
    strength: Float64Array.from({ length: LEVELS }, (_, saturation) => fround(saturation / 255)),
    lack: Float64Array.from({ length: LEVELS }, (_, hue) => lackOf(hue)),
    places: Uint32Array.from({ length: LEVELS }, (_, hue) => PLACES[sectorOf(hue)]!),
  };
}

function hueAndChroma(): Uint16Array {
  const table = new Uint16Array(DIFFERENCES * DIFFERENCES);
  for (let redGreen = -255; redGreen <= 255; redGreen++) {
    for (let greenBlue = Math.max(-255, -255 - redGreen); greenBlue <= Math.min(255, 255 - redGreen); greenBlue++) {
      const [red, green, blue] = [redGreen + greenBlue, greenBlue, 0];
      const chroma = Math.max(red, green, blue) - Math.min(red, green, blue);
      table[hueIndex(redGreen, greenBlue)] = (chroma << 8) | hueOf(red, green, blue, chroma);
    }
  }
  return table;
}

/** The hue of a colour as a byte; only differences of the three count. */
function hueOf(red: number, green: number, blue: number, chroma: number): number {
  if (chroma === 0) return 0;
  const largest = Math.max(red, green, blue);
  const below = (colour: number): number => fround((largest - colour) / chroma);
  let sixths: number;
  if (red === largest) sixths = below(blue) - below(green);
  else if (green === largest) sixths = 2 + below(red) - below(blue);
  else sixths = 4 + below(green) - below(red);
  return Math.trunc(fround((fround(sixths) / SECTORS + 1) % 1) * 255);
}

const sixthsOf = (hue: number): number => (hue * SECTORS) / 255;
const sectorOf = (hue: number): number => Math.floor(sixthsOf(hue)) % SECTORS;

/**
 * In even sectors the middle colour rises with the hue, in odd ones it falls. Pillow rounds the product with the strength to
 * single precision in odd sectors; no byte depends on it.
 */
function lackOf(hue: number): number {
  const sixths = sixthsOf(hue);
  const part = fround(sixths - Math.floor(sixths));
  return Math.floor(sixths) % 2 === 0 ? 1 - part : part;
}

/** The order of red (0), green (1) and blue (2) in each sector, from the lowest byte: largest, middle, smallest. */
const PLACES = [0x020100, 0x020001, 0x000201, 0x000102, 0x010002, 0x010200];
