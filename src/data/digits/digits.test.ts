import { expect, test } from "vitest";
import { rngFor } from "../../rng.ts";
import { imageSize } from "../dataset.ts";
import { DIGIT_SIZE, drawDigit, loadDigits } from "./index.ts";

const digits = loadDigits({ rawPixels: true });

async function read(dataset: typeof digits.train): Promise<{ images: Float32Array; labels: Int32Array }> {
  const images = new Float32Array(dataset.length * imageSize(dataset.shape));
  const labels = new Int32Array(dataset.length);
  await dataset.fillBatch?.(
    Uint32Array.from({ length: dataset.length }, (_, index) => index),
    { images, labels },
  );
  return { images, labels };
}

const [train, val] = [await read(digits.train), await read(digits.test)];
const SIZE = DIGIT_SIZE * DIGIT_SIZE;

test("the drawings are the same for ever", () => {
  expect(digits.dataHash).toBe("e32f5a4f524ab4adac2eaeda50030d69bc89a605e6a9c5518392345b97b34496");
  expect(drawDigit(3, rngFor(1, "x"))).toEqual(drawDigit(3, rngFor(1, "x")));
});

test("12,000 and 2,000 drawings, as many of each digit, not in order", () => {
  for (const [{ labels }, count] of [
    [train, 12_000],
    [val, 2_000],
  ] as const) {
    const counts = new Array(10).fill(0);
    for (const label of labels) counts[label]++;
    expect(counts).toEqual(new Array(10).fill(count / 10));
    expect(labels.slice(0, 20)).not.toEqual(labels.slice(0, 20).sort());
  }
});

test("every drawing has ink, and little of it at the edge", () => {
  for (let image = 0; image < val.labels.length; image++) {
    const pixels = val.images.subarray(image * SIZE, (image + 1) * SIZE);
    const ink = pixels.reduce((sum, value) => sum + value, 0);
    const edge = pixels.reduce((sum, value, at) => sum + (at < DIGIT_SIZE || SIZE - DIGIT_SIZE <= at ? value : 0), 0);
    expect(ink).toBeGreaterThan(20 * 255);
    expect(edge).toBeLessThan(0.1 * ink);
  }
});

test("the digits are neither trivial nor impossible: the nearest class mean is right for 60 to 90 %", () => {
  const means = Array.from({ length: 10 }, () => new Float64Array(SIZE));
  train.labels.forEach((label, image) => {
    const mean = means[label];
    for (let at = 0; mean && at < SIZE; at++)
      mean[at] = (mean[at] ?? 0) + (train.images[image * SIZE + at] ?? 0) / 1200;
  });
  const distance = (mean: Float64Array, image: number): number =>
    mean.reduce((sum, value, at) => sum + (value - (val.images[image * SIZE + at] ?? 0)) ** 2, 0);
  let right = 0;
  for (let image = 0; image < 500; image++) {
    const distances = means.map((mean) => distance(mean, image));
    if (distances.indexOf(Math.min(...distances)) === val.labels[image]) right++;
  }
  expect(right / 500).toBeGreaterThan(0.6);
  expect(right / 500).toBeLessThan(0.9);
});
