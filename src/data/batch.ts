import { UserError } from "../errors.ts";
import { rngFor } from "../rng.ts";
import { checkLabel, type Dataset, imageSize } from "./dataset.ts";

/** Which samples make a batch, and the seed and epoch that their randomness depends on. */
export interface BatchTask {
  readonly indices: Uint32Array<ArrayBuffer>;
  readonly seed: number;
  readonly epoch: number;
}

/** A batch with buffers of its own, which may be transferred to another thread. */
export interface Batch {
  /** [N, C, H, W] */
  readonly images: Float32Array<ArrayBuffer>;
  /** [N], class indices. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** [N], the samples' indices in the data set. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** N; the last batch of an epoch may be smaller than the others. */
  readonly size: number;
}

/** Samples of one batch that may be under way together, where samples are asynchronous (decoding of files). */
const SAMPLES_AT_ONCE = 8;

async function writeSample(
  dataset: Dataset,
  task: BatchTask,
  target: Pick<Batch, "images" | "labels"> & { row: number },
): Promise<void> {
  const index = task.indices[target.row] ?? 0;
  const rng = rngFor(task.seed, "augment", task.epoch, index);
  const size = imageSize(dataset.shape);
  const out = target.images.subarray(target.row * size, (target.row + 1) * size);
  const { image, label } = await dataset.sample(index, { epoch: task.epoch, rng, out });
  if (image.length !== size) {
    throw new UserError(
      `data set: expected sample ${index} to have shape [${dataset.shape.join(", ")}], ${size} values, but got ${image.length}.`,
      "If a transform changes the shape of images, give the data set the shape that it returns.",
    );
  }
  checkLabel(label, index, dataset.classes.length);
  if (image !== out) out.set(image);
  target.labels[target.row] = label;
}

/** Makes the batch of `task`. The same task gives the same batch in any thread. */
export async function makeBatch(dataset: Dataset, task: BatchTask): Promise<Batch> {
  const size = task.indices.length;
  const images = new Float32Array(size * imageSize(dataset.shape));
  const labels = new Int32Array(size);
  if (dataset.fillBatch) {
    await dataset.fillBatch(task.indices, { images, labels });
    return { images, labels, indices: task.indices, size };
  }
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < size) await writeSample(dataset, task, { images, labels, row: next++ });
  };
  await Promise.all(Array.from({ length: Math.min(SAMPLES_AT_ONCE, size) }, lane));
  return { images, labels, indices: task.indices, size };
}
