import { type Image, withChannels } from "../image.ts";
import { type Transform, withProbability } from "./transform.ts";

/** The picture without colours, in as many channels as before. */
export const toGray = (image: Image): Image => withChannels(withChannels(image, 1), image.channels);

/** Takes the colours away with `probability`. */
export const randomGrayscale = (probability: number): Transform => withProbability(probability, toGray);
