/** What is done to a photo before a network sees it: augmentation in training, preprocessing for evaluation. */
import type { Rng } from "../rng.ts";
import type { Augmentation } from "./augmentation-names.ts";
import type { Box, Image, Size } from "./image.ts";
import { type Interpolation, resample } from "./resample/index.ts";
import { IMAGENET_NORMALISATION, type Normalisation, toTensor } from "./tensor.ts";
import { colorJitter } from "./transforms/color-jitter.ts";
import { randomHorizontalFlip, randomVerticalFlip } from "./transforms/flip.ts";
import { randomGrayscale } from "./transforms/grayscale.ts";
import { randAugment, trivialAugmentWide } from "./transforms/policies.ts";
import { randomErasing } from "./transforms/random-erasing.ts";
import { INCEPTION, randomResizedCrop, sampleBox } from "./transforms/random-resized-crop.ts";
import { centrePart, resizeAndCropCentre, resizeAndCropPart } from "./transforms/resize.ts";
import { randomRotation } from "./transforms/rotation.ts";
import { compose, type Transform } from "./transforms/transform.ts";

/** How photos of any size become inputs of one size. Plain data, as it stands in a zoo's table or a checkpoint. */
export interface Preprocessing extends Normalisation {
  /** What the shorter side becomes, in pixels. */
  readonly resize: number;
  /** The side of the square that is cut out of the middle: the network's input. */
  readonly crop: number;
  readonly interpolation: Interpolation;
}

/** Preprocessing of most weights trained on ImageNet. */
export const IMAGENET_PREPROCESSING: Preprocessing = {
  resize: 256,
  crop: 224,
  interpolation: "bilinear",
  ...IMAGENET_NORMALISATION,
};

/** Preprocessing of torchvision's Inception v3. */
export const INCEPTION_PREPROCESSING: Preprocessing = { ...IMAGENET_PREPROCESSING, resize: 342, crop: 299 };

/** The middle of the picture in the network's size. */
export const evaluationCrop =
  (preprocessing: Preprocessing): Transform =>
  (image) =>
    evaluationPixels(image, preprocessing);

/**
 * The transform of an augmentation, which gives pictures of `crop`×`crop` pixels:
 *
 * - `seed`: a random area, both flips, up to 30° of rotation, colour jitter, seldom grey: for objects without an upside
 * - `standard`: a random area and the horizontal flip, as torchvision's reference training
 * - `trivial`: as `standard`, then TrivialAugment (Müller and Hutter 2021)
 * - `rand`: as `standard`, then RandAugment (Cubuk et al. 2020)
 * - `none`: the same pixels in each epoch, those of evaluation
 */
export function augmentation(name: Augmentation, preprocessing: Preprocessing): Transform {
  const { crop, interpolation } = preprocessing;
  if (name === "none") return evaluationCrop(preprocessing);
  return compose(randomResizedCrop(crop, INCEPTION, interpolation), CHANGES[name]);
}

/** What comes after a random area was brought to the network's size. */
const CHANGES: Readonly<Record<Exclude<Augmentation, "none">, Transform>> = {
  seed: compose(
    randomHorizontalFlip(0.5),
    randomVerticalFlip(0.5),
    randomRotation(30),
    colorJitter({ brightness: 0.2, contrast: 0.1, saturation: 0.1, hue: 0.1 }),
    randomGrayscale(0.025),
  ),
  standard: randomHorizontalFlip(0.5),
  trivial: compose(randomHorizontalFlip(0.5), trivialAugmentWide()),
  rand: compose(randomHorizontalFlip(0.5), randAugment()),
};

/** How training photos become inputs, in steps: only the area that is looked at need be decoded, and what is fixed is done once. */
export interface TrainingInput {
  /** What is the same whenever the photo is asked for, and may be kept: the photo itself, or the pixels of evaluation. */
  readonly fixed: (image: Image) => Image;
  /** The area to look at in a picture of a size; without it the whole. */
  readonly area?: (size: Size, rng: Rng) => Box;
  /** From the pixels of that area to the input [3, crop, crop], written to `out` if it is given. */
  readonly finish: (image: Image, rng: Rng, out?: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;
}

/**
 * Photos to inputs in training, as `augmentation` with the same stream changes them; with probability `erasing`, 0..1, a
 * rectangle is then overwritten (see `randomErasing`).
 */
export function trainingInput(name: Augmentation, preprocessing: Preprocessing, erasing = 0): TrainingInput {
  const { resize, crop, interpolation } = preprocessing;
  const size = { width: crop, height: crop };
  const erase = randomErasing({ probability: erasing });
  const floats: TrainingInput["finish"] = (image, rng, out) => {
    const tensor = toTensor(image, preprocessing, out);
    if (erasing !== 0) tensor.set(erase(tensor, size, rng));
    return tensor;
  };
  if (name === "none")
    return { fixed: (image) => resizeAndCropCentre(image, resize, crop, interpolation), finish: floats };
  return {
    fixed: (image) => image,
    area: (whole, rng) => sampleBox(whole, INCEPTION, rng),
    finish: (image, rng, out) => floats(CHANGES[name](resample(image, { size, interpolation }), rng), rng, out),
  };
}

/** The pixels of a photo that the network sees in evaluation and prediction: the middle, `crop`×`crop`. */
export const evaluationPixels = (image: Image, { resize, crop, interpolation }: Preprocessing): Image =>
  resizeAndCropCentre(image, resize, crop, interpolation);

/** The part of a photo of the size `whole` that they are made of. */
export const evaluationPart = (whole: Size, { resize, crop, interpolation }: Preprocessing): Box =>
  centrePart(whole, resize, crop, interpolation);

/** `evaluationPixels` by that part alone. */
export const pixelsOfPart = (part: Image, whole: Size, { resize, crop, interpolation }: Preprocessing): Image =>
  resizeAndCropPart(part, whole, { short: resize, side: crop, interpolation });

/** Photos to inputs [3, crop, crop] for evaluation and prediction. */
export const evaluationInput =
  (preprocessing: Preprocessing): ((image: Image) => Float32Array<ArrayBuffer>) =>
  (image) =>
    toTensor(evaluationPixels(image, preprocessing), preprocessing);
