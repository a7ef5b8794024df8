import { expect, test } from "vitest";
import { rngFor } from "../rng.ts";
import { makeBatch } from "./batch.ts";
import { type ImageShape, pixelDataset, type TensorDatasetOptions, tensorDataset } from "./dataset.ts";

const context = (index: number) => ({ epoch: 0, rng: rngFor(7, "augment", 0, index) });
const task = (...indices: number[]) => ({ indices: Uint32Array.from(indices), seed: 7, epoch: 0 });

/** Three images of 1×1×2. */
const SMALL: TensorDatasetOptions = {
  images: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5),
  labels: [1, 0, 1],
  shape: [1, 1, 2],
  classes: ["no", "yes"],
};
const BYTES = {
  images: Uint8Array.of(0, 255, 128, 1, 2, 3),
  labels: Uint8Array.of(1, 0, 1),
  shape: [1, 1, 2] as ImageShape,
  classes: ["no", "yes"],
};

test("a tensor data set gives its images and labels as they are", async () => {
  const dataset = tensorDataset(SMALL);
  expect(dataset).toMatchObject({ length: 3, shape: [1, 1, 2], classes: ["no", "yes"] });
  expect(await dataset.sample(1, context(1))).toEqual({ image: Float32Array.of(1, 1.5), label: 0 });
  const bytes = tensorDataset({ ...SMALL, images: BYTES.images });
  expect((await bytes.sample(0, context(0))).image).toEqual(Float32Array.of(0, 255));
});

test("the user's transforms see a copy, the sample's own random numbers and the label", async () => {
  const dataset = tensorDataset({
    ...SMALL,
    transform: (image, rng) => {
      image[0] = rng.uniform();
      return image;
    },
    targetTransform: (label) => 1 - label,
  });
  const first = await dataset.sample(2, context(2));
  expect(first).toEqual({ image: Float32Array.of(rngFor(7, "augment", 0, 2).uniform(), 2.5), label: 0 });
  expect(await dataset.sample(2, context(2))).toEqual(first);
  expect(SMALL.images[4]).toBe(2);
});

test("a transform may be asynchronous and change the shape", async () => {
  const dataset = tensorDataset({
    ...SMALL,
    transform: async (image) => Float32Array.of(...image, 9),
    transformedShape: [1, 1, 3],
  });
  const batch = await makeBatch(dataset, task(2, 0));
  expect(batch.images).toEqual(Float32Array.of(2, 2.5, 9, 0, 0.5, 9));
  expect(batch.labels).toEqual(Int32Array.of(1, 1));
});

test.each([
  ["0..1 as PyTorch divides", false, [0, 1, Math.fround(128 / 255), Math.fround(1 / 255)]],
  ["0..255", true, [0, 255, 128, 1]],
])("pixels are given as %s", async (_, rawPixels, expected) => {
  const dataset = pixelDataset({ ...BYTES, rawPixels });
  const batch = await makeBatch(dataset, task(0, 1));
  expect([...batch.images]).toEqual(expected);
  expect([...batch.labels]).toEqual([1, 0]);
  const sample = await dataset.sample(1, context(1));
  expect([...sample.image]).toEqual(expected.slice(2));
  expect(sample.label).toBe(0);
});

test("workers share one copy of the pixels, and the data set goes on with it", async () => {
  const dataset = pixelDataset(BYTES);
  const { options } = dataset.remote as unknown as { options: { images: Uint8Array } };
  expect(options.images.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(dataset.remote).toBe(dataset.remote);
  options.images[0] = 255;
  expect((await dataset.sample(0, context(0))).image[0]).toBe(1);
  const again = pixelDataset({ ...BYTES, images: options.images }).remote?.options as typeof options;
  expect(again.images).toBe(options.images);
});

test.each([
  ["too few values", { images: new Float32Array(5) }, /3 images of shape \[1, 1, 2\], 6 values, but got images of 5/],
  ["too few labels", { labels: [0] }, /expected 1 images of shape \[1, 1, 2\], 2 values/],
  ["a label too large", { labels: [0, 2, 1] }, /labels in 0..1 but the label of sample 1 is 2/],
  ["a negative label", { labels: [-1, 0, 1] }, /the label of sample 0 is -1/],
  ["a label that is no index", { labels: [0, 0.5, 1] }, /the label of sample 1 is 0.5/],
])("%s is refused", (_, change, message) => {
  expect(() => tensorDataset({ ...SMALL, ...change })).toThrow(message);
});

test("what the user's functions return is checked", async () => {
  const wrongLabel = tensorDataset({ ...SMALL, targetTransform: (label) => label + 1 });
  await expect(makeBatch(wrongLabel, task(0))).rejects.toThrow(/labels in 0..1 but the label of sample 0 is 2/);
  const wrongShape = tensorDataset({ ...SMALL, transform: (image) => image.subarray(1) });
  await expect(makeBatch(wrongShape, task(1))).rejects.toMatchObject({
    name: "UserError",
    message: "data set: expected sample 1 to have shape [1, 1, 2], 2 values, but got 1.",
  });
});
