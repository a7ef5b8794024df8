/** From a decoded picture to what a network takes. Provisional: plain bilinear sampling, a crop and a flip by chance. */
import type { Rng } from "../rng.ts";
import type { Image } from "./image.ts";

/** How pictures become a network's input; plain data, which crosses to worker threads. */
export interface PreparationSpec {
  /** `none`: resize and centre crop. `standard` and `seed` crop and change the picture by chance. */
  readonly recipe: "none" | "standard" | "seed";
  /** Side of the square that the network takes, in pixels. */
  readonly size: number;
  /** The shorter side before the centre crop, in pixels. */
  readonly resize: number;
  readonly interpolation: "bilinear" | "bicubic";
  /** Taken from each channel's values 0..1. */
  readonly mean: readonly number[];
  /** What each channel is divided by then. */
  readonly std: readonly number[];
  /** Whether pictures are turned as their EXIF data says; torchvision does not. */
  readonly exif: boolean;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly flipped: boolean;
}

/** The least side of a random crop, as a share of the shorter side. */
const LEAST_CROP = 0.5;

/** What makes a picture [height, width, 3] the network's input, floats [3, size, size]; random only through `rng`. */
export function createPreparation(spec: PreparationSpec): (image: Image, rng: Rng) => Float32Array {
  return (image, rng) => sample(image, spec.recipe === "none" ? centred(image, spec) : random(image, rng), spec);
}

function centred({ width, height }: Image, { size, resize }: PreparationSpec): Box {
  const side = (Math.min(width, height) * size) / resize;
  return { left: (width - side) / 2, top: (height - side) / 2, side, flipped: false };
}

function random({ width, height }: Image, rng: Rng): Box {
  const side = Math.min(width, height) * rng.uniform(LEAST_CROP, 1);
  return {
    left: rng.uniform(0, width - side),
    top: rng.uniform(0, height - side),
    side,
    flipped: rng.uniform() < 0.5,
  };
}

function sample({ width, height, data }: Image, box: Box, { size, mean, std }: PreparationSpec): Float32Array {
  const out = new Float32Array(3 * size * size);
  const step = box.side / size;
  for (let y = 0; y < size; y++) {
    const [top, bottom, down] = neighbours(box.top + (y + 0.5) * step, height);
    for (let x = 0; x < size; x++) {
      const [left, right, along] = neighbours(box.left + ((box.flipped ? size - 1 - x : x) + 0.5) * step, width);
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number): number => data[(row * width + column) * 3 + c]!;
        const upper = at(top, left) * (1 - along) + at(top, right) * along;
        const lower = at(bottom, left) * (1 - along) + at(bottom, right) * along;
        const value = upper * (1 - down) + lower * down;
        out[(c * size + y) * size + x] = (value / 255 - mean[c]!) / std[c]!;
      }
    }
  }
  return out;
}

/** The pixels on both sides of a place, and how far it is from the first to the second, 0..1. */
function neighbours(place: number, length: number): [first: number, second: number, share: number] {
  const within = Math.min(length - 1, Math.max(0, place - 0.5));
  const first = Math.floor(within);
  return [first, Math.min(first + 1, length - 1), within - first];
}
