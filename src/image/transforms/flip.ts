import { flipHorizontal, flipVertical } from "../pixels/turn.ts";
import { type Transform, withProbability } from "./transform.ts";

/** Mirrors left to right with `probability`. */
export const randomHorizontalFlip = (probability = 0.5): Transform => withProbability(probability, flipHorizontal);

/** Mirrors top to bottom with `probability`. */
export const randomVerticalFlip = (probability = 0.5): Transform => withProbability(probability, flipVertical);
