import { expect, test } from "vitest";
import { rngFor } from "../rng.ts";
import { wavyImage } from "../testing/photo-folders.ts";
import { AUGMENTATIONS, augmentation, evaluationInput, IMAGENET_PREPROCESSING, trainingInput } from "./recipes.ts";
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
