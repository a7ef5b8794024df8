/**
 * Data sets: images of one shape with their labels, by index.
 *
 * `tensorDataset` keeps numbers in memory and runs the user's own transforms; `pixelDataset` is the fast path for grey or
 * colour bytes without transforms, such as MNIST, and can be served from worker threads.
 */
import { UserError } from "../errors.ts";
import type { Normalisation } from "../image/index.ts";
import type { Rng } from "../rng.ts";
import { threadModule } from "../thread.ts";

/** The shape of one image: channels, height, width. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** One image [C, H, W] as floats, and its class index. */
export interface Sample {
  readonly image: Float32Array;
  readonly label: number;
}

/** What a sample may depend on besides its index; `rng` is a stream of its own for each seed, epoch and index. */
export interface SampleContext {
  readonly epoch: number;
  readonly rng: Rng;
  /** Where the image may be written, which saves a copy; then it is the sample's image. */
  readonly out?: Float32Array<ArrayBuffer>;
}

/** Where a batch is written: `images` [N, C, H, W] and `labels` [N]. */
export interface BatchTarget {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** How a worker thread rebuilds a data set: `export` of `module` (a URL), called with `options`. */
export interface RemoteDataset {
  readonly module: string;
  readonly export: string;
  /** Anything that structured clone copies; large arrays over a `SharedArrayBuffer`, so that they are not copied. */
  readonly options: unknown;
}

/** Images of one shape, with labels in 0..classes.length−1. */
export interface Dataset {
  /** The number of samples. */
  readonly length: number;
  readonly classes: readonly string[];
  /** The shape of each sample's image. */
  readonly shape: ImageShape;
  /** The class index of each sample, where they are known beforehand. */
  readonly labels?: ArrayLike<number>;
  /** Present where samples are normalised, so that they can be shown as pictures again. */
  readonly normalisation?: Normalisation;
  /** The sample at `index`, 0..length−1. Depends on nothing but its arguments. */
  sample(index: number, context: SampleContext): Sample | Promise<Sample>;
  /** Writes many samples at once, where that is faster than one by one; for data sets without randomness. */
  fillBatch?(indices: Uint32Array, target: BatchTarget): void | Promise<void>;
  /** Present where worker threads can serve the data set; always the same object. Without it the main thread serves. */
  readonly remote?: RemoteDataset;
}

/** The number of floats of one image. */
export const imageSize = ([channels, height, width]: ImageShape): number => channels * height * width;

/** What `tensorDataset` takes. */
export interface TensorDatasetOptions {
  /** [N, C, H, W], one after the other. */
  readonly images: Float32Array | Uint8Array;
  /** [N] */
  readonly labels: ArrayLike<number>;
  /** The shape of each image in `images`. */
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  /** Changes a copy of an image [C, H, W]; random only through `rng`. */
  readonly transform?: (image: Float32Array, rng: Rng) => Float32Array | Promise<Float32Array>;
  /** Turns a label of `labels` into a class index. */
  readonly targetTransform?: (label: number) => number;
  /** The shape that `transform` returns, if it changes it. */
  readonly transformedShape?: ImageShape;
}

/** Checks that images, labels and classes belong together; the labels only if they are class indices already. */
function checkArrays(
  { images, labels, shape, classes }: Omit<TensorDatasetOptions, "transform">,
  labelsAreClasses: boolean,
): void {
  const expected = labels.length * imageSize(shape);
  if (images.length !== expected) {
    const received = `images of ${images.length} values`;
    throw new UserError(
      `data set: expected ${labels.length} images of shape [${shape.join(", ")}], ${expected} values, but got ${received}.`,
      "Give one label per image, and the shape [channels, height, width] of one image.",
    );
  }
  if (!labelsAreClasses) return;
  for (let i = 0; i < labels.length; i++) checkLabel(labels[i] ?? Number.NaN, i, classes.length);
}

/** Throws unless `label`, that of sample `index`, is one of the classes. */
export function checkLabel(label: number, index: number, classes: number): void {
  if (Number.isInteger(label) && 0 <= label && label < classes) return;
  throw new UserError(
    `data set: expected labels in 0..${classes - 1} but the label of sample ${index} is ${label}.`,
    "Correct the label, or name every class.",
  );
}

/**
 * A data set over arrays in memory, with the user's own transforms. Values are given to the transform as they are: bytes
 * become floats in 0..255. Its samples are always made in the main thread, because functions cannot be sent to workers.
 */
export function tensorDataset(options: TensorDatasetOptions): Dataset {
  const { images, labels, shape, classes, transform, targetTransform } = options;
  checkArrays(options, targetTransform === undefined);
  const size = imageSize(shape);
  return {
    length: labels.length,
    classes,
    shape: options.transformedShape ?? shape,
    async sample(index, { rng }) {
      const image = Float32Array.from(images.subarray(index * size, (index + 1) * size));
      const label = labels[index] ?? Number.NaN;
      return { image: transform ? await transform(image, rng) : image, label: targetTransform?.(label) ?? label };
    },
  };
}

/** What `pixelDataset` takes. */
export interface PixelDatasetOptions {
  /** [N, C, H, W], 0..255. */
  readonly images: Uint8Array;
  /** [N], class indices. */
  readonly labels: Uint8Array;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  /** Give pixels as 0..255 and not as 0..1. */
  readonly rawPixels?: boolean;
}

/** The float of each byte: the byte itself, or the byte ÷ 255 rounded to a float as PyTorch does. */
const pixelScale = (rawPixels: boolean): Float32Array =>
  Float32Array.from({ length: 256 }, (_, byte) => (rawPixels ? byte : byte / 255));

/** A copy of `bytes` that threads can share; itself if it is shared already. */
function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/**
 * A data set over bytes in memory, scaled to floats in 0..1 (or 0..255) when a batch is made, without transforms. Workers
 * share the bytes: they are copied once to shared memory when the first worker asks.
 */
export function pixelDataset(options: PixelDatasetOptions): Dataset {
  checkArrays(options, true);
  const { labels, shape, classes, rawPixels = false } = options;
  const size = imageSize(shape);
  const scale = pixelScale(rawPixels);
  let { images } = options;
  let remote: RemoteDataset | undefined;

  const copyImage = (index: number, out: Float32Array, at: number): void => {
    const from = index * size;
    for (let i = 0; i < size; i++) out[at + i] = scale[images[from + i] ?? 0] ?? 0;
  };
  return {
    length: labels.length,
    classes,
    shape,
    labels,
    sample(index) {
      const image = new Float32Array(size);
      copyImage(index, image, 0);
      return { image, label: labels[index] ?? 0 };
    },
    fillBatch(indices, target) {
      indices.forEach((index, row) => {
        copyImage(index, target.images, row * size);
        target.labels[row] = labels[index] ?? 0;
      });
    },
    get remote() {
      if (remote) return remote;
      images = shared(images);
      remote = {
        module: threadModule(import.meta.url),
        export: "pixelDataset",
        options: { images, labels, shape, classes, rawPixels },
      };
      return remote;
    },
  };
}
