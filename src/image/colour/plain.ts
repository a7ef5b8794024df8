import { blankLike, type Image, luma } from "../image.ts";
import { blendValue } from "../pixels/blend.ts";
import { mapValues, tableOf } from "../pixels/tables.ts";
import { lazily } from "../wasm/instance.ts";
import { hueShift, makeHueTables } from "./hue-tables.ts";
import type { Painter } from "./painter.ts";

const loadTables = lazily(makeHueTables);

/** A painter in plain loops. */
export function plainPainter(picture: Image): Painter {
  let image = picture;
  return {
    blendWith(plain, factor) {
      image = mapValues(
        image,
        tableOf((value) => blendValue(plain, value, factor)),
      );
    },
    sumOfLuma: () => sumOfLuma(image),
    blendWithLuma(factor) {
      image = blendWithLuma(image, factor);
    },
    turnHues(turn) {
      image = turnHues(image, turn);
    },
    finish: () => image,
  };
}

function sumOfLuma({ channels, data }: Image): number {
  let sum = 0;
  if (channels === 1) for (const value of data) sum += value;
  else for (let i = 0; i < data.length; i += 3) sum += luma(data[i]!, data[i + 1]!, data[i + 2]!);
  return sum;
}

function blendWithLuma(image: Image, factor: number): Image {
  const { data } = image;
  const result = blankLike(image, image);
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data[i]!, data[i + 1]!, data[i + 2]!);
    for (let at = i; at < i + 3; at++) result.data[at] = blendValue(grey, data[at]!, factor);
  }
  return result;
}

function turnHues(image: Image, turn: number): Image {
  const { data } = image;
  const result = blankLike(image, image);
  const { hue, hueIndex, saturation, strength, lack, places } = loadTables();
  const shift = hueShift(turn);
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const high = Math.max(red, green, blue);
    const entry = hue[hueIndex(red - green, green - blue)]!;
    const missing = strength[saturation[(entry & 0xff00) + high]!]!;
    const turned = (entry + shift) & 255;
    const place = places[turned]!;
    result.data[i + (place & 255)] = high;
    result.data[i + ((place >> 8) & 255)] = high * (1 - missing * lack[turned]!) + 0.5;
    result.data[i + (place >> 16)] = high * (1 - missing) + 0.5;
  }
  return result;
}
