import { expect, test } from "vitest";
import { rngFor } from "../rng.ts";
import { wavyImage } from "../testing/photo-folders.ts";
import { AUGMENTATIONS } from "./augmentation-names.ts";
import type { Image } from "./image.ts";
import {
  augmentation,
  evaluationInput,
  evaluationPart,
  evaluationPixels,
  IMAGENET_PREPROCESSING,
  pixelsOfPart,
  trainingInput,
} from "./recipes.ts";
import { toTensor } from "./tensor.ts";
import { crop } from "./transforms/crop.ts";

const preprocessing = { ...IMAGENET_PREPROCESSING, resize: 36, crop: 32 };
const photo = wavyImage(1, { width: 90, height: 70 });
const streamOf = (seed: number) => rngFor(seed, "recipes test");

test.each(AUGMENTATIONS)("%s: an area, finished, is the photo augmented with the same stream", (name) => {
  const { fixed, area, finish } = trainingInput(name, preprocessing);
  for (let seed = 0; seed < 20; seed++) {
    const rng = streamOf(seed);
    const part = area ? crop(photo, area(photo, rng)) : photo;
    const augmented = augmentation(name, preprocessing)(photo, streamOf(seed));
    expect(finish(fixed(part), rng)).toEqual(toTensor(augmented, preprocessing));
  }
});

test("none gives the pixels of evaluation, and looks at the whole photo", () => {
  const { fixed, area, finish } = trainingInput("none", preprocessing);
  expect(area).toBeUndefined();
  expect(finish(fixed(photo), streamOf(0))).toEqual(evaluationInput(preprocessing)(photo));
});

test("what a network sees of a photo is the same to the last bit by the part of it alone", () => {
  const rng = rngFor(7, "noise");
  const sizes = [
    [50, 40],
    [41, 97],
    [300, 20],
    [8, 900],
    [33, 33],
    [24, 31],
    [200, 180],
  ] as const;
  for (const [width, height] of sizes)
    for (const interpolation of ["bilinear", "bicubic"] as const)
      for (const [resize, side] of [
        [32, 28],
        [32, 32],
        [20, 26],
      ] as const) {
        const data = Uint8Array.from({ length: 3 * width * height }, () => rng.integer(0, 255));
        const image: Image = { width, height, channels: 3, data };
        const preprocessing = { ...IMAGENET_PREPROCESSING, resize, crop: side, interpolation };
        const part = evaluationPart(image, preprocessing);
        const found = pixelsOfPart(crop(image, part), image, preprocessing);
        expect(found, `${width}×${height} ${resize} ${side}`).toEqual(evaluationPixels(image, preprocessing));
      }
});
