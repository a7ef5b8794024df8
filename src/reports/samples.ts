/** Samples of a data set as pictures. */
import { type Batch, type Dataset, imageSize, makeBatch } from "../data/index.ts";
import { fromTensor, type Image, type Normalisation } from "../image/index.ts";

/** A sample as a picture, and its class. */
export interface PicturedSample {
  readonly image: Image;
  readonly label: number;
}

/** From the values 0..1 of pictures to 0..255. */
const BYTES: Normalisation = { mean: [0, 0, 0], std: Array(3).fill(1 / 255) };

/**
 * A batch as pictures, their normalisation undone and their channels last. Without one they are floats in 0..1, or in 0..255
 * if any of them is larger.
 */
export function picturesOf(dataset: Dataset, { images, labels }: Pick<Batch, "images" | "labels">): PicturedSample[] {
  const [, height, width] = dataset.shape;
  const raw = !dataset.normalisation && images.some((value) => 1 < value);
  const normalisation = raw ? BYTES : dataset.normalisation;
  const size = imageSize(dataset.shape);
  return Array.from(labels, (label, place) => ({
    image: fromTensor(images.subarray(place * size, (place + 1) * size), { width, height, normalisation }),
    label,
  }));
}

/** The samples of those indices as pictures, as in the first epoch of a run with seed 0. */
export async function samplesOf(dataset: Dataset, indices: readonly number[]): Promise<PicturedSample[]> {
  return picturesOf(dataset, await makeBatch(dataset, { indices: Uint32Array.from(indices), seed: 0, epoch: 0 }));
}
