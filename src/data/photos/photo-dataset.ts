/** Photos on disk as a data set: each is decoded and prepared whenever it is asked for. */
import { UserError } from "../../errors.ts";
import { decodeImage, type Size, trainingInput } from "../../image/index.ts";
import { checkLabel, type Dataset } from "../dataset.ts";
import type { PreparationSpec } from "./preparations.ts";

/** What `photoDataset` takes; plain data, which crosses to worker threads. */
export interface PhotoDatasetOptions {
  /** Paths. */
  readonly files: readonly string[];
  /** The class index of each file. */
  readonly labels: readonly number[];
  readonly classes: readonly string[];
  readonly preparation: PreparationSpec;
}

/** A data set of photos. */
export interface PhotoDataset extends Omit<Dataset, "labels" | "fillBatch">, PhotoDatasetOptions {}

const RGB = 3;

/** One file is told, but there may be more of them. */
function badFile(error: unknown): never {
  if (!(error instanceof UserError)) throw error;
  throw new UserError(error.message, `${error.hint} See all such files with: ocelli data check`, { cause: error });
}

/**
 * Photos as floats [3, crop, crop], prepared by `preparation`, which is random only through the sample's `rng`. A file that
 * cannot be decoded is a `UserError` that names it, when its sample is asked for; see `readablePhotos` to leave such out.
 */
export function photoDataset(options: PhotoDatasetOptions): PhotoDataset {
  const { files, labels, classes, preparation } = options;
  if (files.length !== labels.length) throw new Error(`${files.length} files but ${labels.length} labels`);
  for (const [index, label] of labels.entries()) checkLabel(label, index, classes.length);
  const { augmentation, preprocessing, orient } = preparation;
  const { crop, mean, std } = preprocessing;
  const { area, finish } = trainingInput(augmentation, preprocessing);
  return {
    ...options,
    length: files.length,
    shape: [RGB, crop, crop],
    normalisation: { mean, std },
    async sample(index, { rng, out }) {
      const part = area && ((size: Size) => area(size, rng));
      const image = await decodeImage(files[index] ?? "", { channels: RGB, orient, area: part }).catch(badFile);
      return { image: finish(image, rng, out), label: labels[index] ?? 0 };
    },
    remote: { module: import.meta.url, export: "photoDataset", options: { files, labels, classes, preparation } },
  };
}
