/** The photos of ants and bees, decoded and prepared, against torchvision on Pillow to the last bit. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Adjustment, adjustColours } from "../../src/image/colour/index.ts";
import type { Box } from "../../src/image/image.ts";
import { decodeImage, type Image, type Size } from "../../src/image/index.ts";
import { flipHorizontal, flipVertical } from "../../src/image/pixels/turn.ts";
import { evaluationCrop, IMAGENET_PREPROCESSING } from "../../src/image/recipes.ts";
import { resample } from "../../src/image/resample/index.ts";
import { toGray } from "../../src/image/transforms/grayscale.ts";
import { rotate } from "../../src/image/transforms/rotation.ts";
import { rngFor } from "../../src/rng.ts";
import golden from "../../tools/golden/preprocessing.json" with { type: "json" };
import { sha256 } from "./synthetic.ts";

const { OCELLI_DATA } = process.env;
const unused = rngFor(0, "unused");
const evaluated = async (file: string): Promise<Image> =>
  evaluationCrop(IMAGENET_PREPROCESSING)(await decodeImage(file, { orient: false }), unused);

/** The area that the photo of a number is cut to. */
function areaOf(photo: Size, number: number): Box {
  const width = 1 + ((number * 7919) % photo.width);
  const height = 1 + ((number * 104729) % photo.height);
  const left = (number * 31) % (photo.width - width + 1);
  const top = (number * 17) % (photo.height - height + 1);
  return { left, top, width, height };
}

/** The steps of the augmentation `seed`, with the parameters of tools/golden/preprocessing.py. */
async function augmented(file: string, number: number): Promise<Image> {
  const photo = await decodeImage(file, { orient: false, area: (size) => areaOf(size, number) });
  let image = resample(photo, { size: { width: 224, height: 224 } });
  if (number % 2 === 1) image = flipHorizontal(image);
  if (number % 3 === 1) image = flipVertical(image);
  image = rotate(image, ((number * 0.37) % 60) - 30);
  const adjustments: Adjustment[] = [
    { kind: "brightness", amount: 0.8 + (number % 41) / 100 },
    { kind: "contrast", amount: 0.9 + (number % 21) / 100 },
    { kind: "saturation", amount: 0.9 + (number % 19) / 90 },
    { kind: "hue", amount: -0.1 + (number % 23) / 110 },
  ];
  const first = number % 4;
  image = adjustColours(image, [...adjustments.slice(first), ...adjustments.slice(0, first)]);
  return number % 20 === 0 ? toGray(image) : image;
}

describe.skipIf(!OCELLI_DATA)("photos of ants and bees", () => {
  const photos = Object.entries(golden).map(([name, hash], number) => ({ name, hash, number }));

  test.each([
    ["val", 153, evaluated],
    ["train", 244, augmented],
  ] as const)("%s: %i photos", async (split, count, prepare) => {
    const chosen = photos.filter(({ name }) => name.startsWith(split));
    const differing: string[] = [];
    for (const { name, hash, number } of chosen) {
      const image = await prepare(join(OCELLI_DATA ?? "", "hymenoptera_data", name), number);
      if (sha256(image.data) !== hash) differing.push(name);
    }
    expect(chosen).toHaveLength(count);
    expect(differing).toEqual([]);
  });
});
