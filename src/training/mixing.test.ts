/** MixUp and CutMix of a run's batches, and augmentation from epoch to epoch. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { batches, loadPhotos } from "../data/index.ts";
import { rngFor } from "../rng.ts";
import { writeTree } from "../testing/photo-folders.ts";
import { configValues, resolveConfig } from "./config.ts";
import { mixerOf } from "./mixing.ts";
import { dataOptions } from "./run-data.ts";

const configOf = (values: Record<string, unknown>) => configValues(resolveConfig([{ from: "flag", values }]));

const SIDE = 16;
const ROWS = 4;
/** Each image is its own number everywhere. */
const batch = {
  images: Float32Array.from({ length: ROWS * SIDE * SIDE }, (_, at) => Math.floor(at / (SIDE * SIDE))),
  labels: Int32Array.of(0, 1, 2, 0),
  indices: Uint32Array.of(0, 1, 2, 3),
  size: ROWS,
};
const DRAWS = 400;

/** Whether a batch was cut, or else mixed, and the share of its own pixels by their number. */
function lookedAt(values: Record<string, unknown>, epoch: number, at: number) {
  const place = { epoch, batch: at, shape: [1, SIDE, SIDE], classes: 3 };
  const mixed = mixerOf(configOf(values))(batch, place);
  if (!("share" in mixed)) throw new Error("expected a mixed batch");
  expect(Array.from(mixed.labels)).toEqual([0, 1, 2, 0]);
  expect(Array.from(mixed.otherLabels)).toEqual([0, 0, 1, 2]);
  // the second image, 1, lies between 0, the one before it, and 1
  const pixels = mixed.images.subarray(SIDE * SIDE, 2 * SIDE * SIDE);
  const isCut = new Set(pixels).size === 2;
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return { isCut, mean, share: mixed.share };
}

test("both together: one of them for each batch, by a fair coin of the seed", () => {
  let cuts = 0;
  for (let at = 0; at < DRAWS; at++) {
    const { isCut, mean, share } = lookedAt({ mixup: 1, cutmix: 1, seed: 3 }, 2, at);
    // the first number of the batch's own stream decides
    const expected = rngFor(3, "mix", 2, at).uniform() < 0.5;
    // a cut so small or so large that nothing is pasted, or nothing left, shows one value
    if (0 < share && share < 1) expect(isCut).toBe(expected);
    // λ is the share of the image's own pixels, pasted or mixed
    expect(mean).toBeCloseTo(share, 5);
    if (isCut) expect(share * SIDE * SIDE).toBe(Math.round(share * SIDE * SIDE));
    cuts += expected ? 1 : 0;
  }
  // four standard deviations of 400 fair coins are 40
  expect(Math.abs(cuts - DRAWS / 2)).toBeLessThan(40);
});

test.each([
  ["mixup", false],
  ["cutmix", true],
])("%s alone never does the other", (name, isCut) => {
  const all = Array.from({ length: 100 }, (_, at) => lookedAt({ [name]: 1 }, 0, at));
  const telling = all.filter(({ share }) => 0 < share && share < 1);
  expect(telling.length).toBeGreaterThan(50);
  expect(telling.every((one) => one.isCut === isCut)).toBe(true);
});

test("without either, the batch itself is trained on", () => {
  expect(mixerOf(configOf({}))(batch, { epoch: 0, batch: 0, shape: [1, SIDE, SIDE], classes: 3 })).toBe(batch);
});

test.each([
  ["standard", { augment: "standard" }, true],
  ["rand", { augment: "rand" }, true],
  ["erasing alone", { augment: "none", erase: 1 }, true],
  ["none", { augment: "none" }, false],
])("augmentation %s: a photo in the next epoch", async (_, values, differs) => {
  const { root, remove } = await writeTree({
    "train/a/1.png": 1,
    "train/b/2.png": 2,
    "val/a/3.png": 3,
    "val/b/4.png": 4,
  });
  try {
    const config = configOf({ model: "resnet18", weights: "none", size: 32, seed: 5, ...values });
    const { train, test: val, photos } = await loadPhotos(root, dataOptions(config).photos);
    const index = train.files.indexOf(join(root, "train/b/2.png"));
    expect([photos.length, index]).toEqual([4, 1]);
    const pixelsIn = async (dataset: typeof train, epoch: number): Promise<number[]> => {
      for await (const { images, indices } of batches(dataset, {
        batchSize: 2,
        shuffle: true,
        seed: 5,
        epoch,
        workers: 0,
      })) {
        const at = indices.indexOf(index);
        if (0 <= at) return Array.from(images.subarray(at * 3 * 32 * 32, (at + 1) * 3 * 32 * 32));
      }
      throw new Error("expected every photo in each epoch");
    };
    const first = await pixelsIn(train, 0);
    expect(await pixelsIn(train, 0)).toEqual(first);
    if (differs) expect(await pixelsIn(train, 1)).not.toEqual(first);
    else expect(await pixelsIn(train, 1)).toEqual(first);
    expect(await pixelsIn(val, 1)).toEqual(await pixelsIn(val, 0));
  } finally {
    await remove();
  }
});
