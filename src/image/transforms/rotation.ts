import type { Rng } from "../../rng.ts";
import type { Image } from "../image.ts";
import { affine } from "../pixels/affine.ts";
import { quarterTurns } from "../pixels/turn.ts";
import type { Transform } from "./transform.ts";

/** Turns by a random angle in −degrees..degrees; what comes from outside is black. */
export const randomRotation =
  (degrees: number): Transform =>
  (image, rng) =>
    rotate(image, sampleAngle(degrees, rng));

/** An angle in −degrees..degrees. */
export const sampleAngle = (degrees: number, rng: Rng): number => rng.uniform(-degrees, degrees);

/** Decimal places that Pillow rounds sines and cosines to. */
const PLACES = 15;

/**
 * The nearest decimal number of 15 places, as Python's `round`: the fraction is between −1 and 1, where `toFixed` is
 * exact.
 */
const rounded = (fraction: number): number => Number(fraction.toFixed(PLACES));

/**
 * The picture turned counter-clockwise around its centre, in its old size, nearest neighbour; `fill` (0..255) for what
 * comes from outside. Pillow's `rotate` bit for bit, with its exact quarter turns.
 */
export function rotate(image: Image, degrees: number, fill = 0): Image {
  const { width, height } = image;
  const remainder = degrees % 360;
  const angle = remainder < 0 ? remainder + 360 : remainder;
  if (angle === 0 || angle === 180 || ((angle === 90 || angle === 270) && width === height)) {
    return quarterTurns(image, angle / 90);
  }
  const radians = -(angle * (Math.PI / 180));
  const cosine = rounded(Math.cos(radians));
  const sine = rounded(Math.sin(radians));
  const [x, y] = [width / 2, height / 2];
  const left = cosine * -x + sine * -y + x;
  const top = -sine * -x + cosine * -y + y;
  return affine(image, [cosine, sine, left, -sine, cosine, top], fill);
}
