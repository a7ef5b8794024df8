import type { Rng } from "../../rng.ts";
import type { Image } from "../image.ts";

/** Makes a picture from a picture; random only through `rng`. Never changes its argument, which it may return. */
export type Transform = (image: Image, rng: Rng) => Image;

/** One transform after the other. */
export const compose =
  (...transforms: readonly Transform[]): Transform =>
  (image, rng) =>
    transforms.reduce((current, transform) => transform(current, rng), image);

/** The transform with `probability` 0..1, else nothing. Draws one number, and then what the transform draws. */
export const withProbability =
  (probability: number, transform: Transform): Transform =>
  (image, rng) =>
    rng.uniform() < probability ? transform(image, rng) : image;
