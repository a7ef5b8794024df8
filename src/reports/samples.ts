/** Samples of a data set as pictures. */
import { type Batch, type Dataset, imageSize, makeBatch } from "../data/index.ts";
import type { Image } from "../image/index.ts";

/** A sample as a picture, and its class. */
export interface PicturedSample {
  readonly image: Image;
  readonly label: number;
}

/**
 * A batch as pictures, their normalisation undone and their channels last. Without one they are floats in 0..1, or in 0..255
 * if any of them is larger.
 */
export function picturesOf(dataset: Dataset, { images, labels }: Pick<Batch, "images" | "labels">): PicturedSample[] {
  const raw = !dataset.normalisation && images.some((value) => 1 < value);
  const size = imageSize(dataset.shape);
  return Array.from(labels, (label, place) => ({
    image: pictureOf(images.subarray(place * size, (place + 1) * size), dataset, raw ? 1 : 255),
    label,
  }));
}

/** The samples of those indices as pictures, as in the first epoch of a run with seed 0. */
export async function samplesOf(dataset: Dataset, indices: readonly number[]): Promise<PicturedSample[]> {
  return picturesOf(dataset, await makeBatch(dataset, { indices: Uint32Array.from(indices), seed: 0, epoch: 0 }));
}

function pictureOf(values: Float32Array, { shape, normalisation }: Dataset, scale: number): Image {
  const [channels, height, width] = shape;
  const data = new Uint8ClampedArray(values.length); // rounds, and clips what lies outside
  for (let i = 0; i < values.length; i++) {
    const channel = i % channels;
    const value = values[Math.floor(i / channels) + channel * height * width] ?? 0;
    data[i] = scale * (value * (normalisation?.std[channel] ?? 1) + (normalisation?.mean[channel] ?? 0));
  }
  return { width, height, channels: channels as Image["channels"], data: new Uint8Array(data.buffer) };
}
