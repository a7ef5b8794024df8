/** Photos on disk as a data set: each is prepared whenever it is asked for, and decoded then or kept decoded. */
import { UserError } from "../../errors.ts";
import { type Box, crop, decodeImage, type Image, type Size, trainingInput } from "../../image/index.ts";
import type { Rng } from "../../rng.ts";
import { threadModule } from "../../thread.ts";
import { checkLabel, type Dataset } from "../dataset.ts";
import { isFull, keepPixels, keptPixels, type PixelCache } from "./pixel-cache.ts";
import type { PreparationSpec } from "./preparations.ts";

/** What `photoDataset` takes; plain data, which crosses to worker threads. */
export interface PhotoDatasetOptions {
  /** Paths. */
  readonly files: readonly string[];
  /** The class index of each file. */
  readonly labels: readonly number[];
  readonly classes: readonly string[];
  readonly preparation: PreparationSpec;
  /** Where decoded photos are kept; without it they are decoded whenever they are asked for. */
  readonly cache?: PixelCache;
}

/** A data set of photos. */
export interface PhotoDataset extends Dataset, PhotoDatasetOptions {
  readonly labels: readonly number[];
}

const RGB = 3;

/** One file is told, but there may be more of them. */
function badFile(error: unknown): never {
  if (!(error instanceof UserError)) throw error;
  throw new UserError(error.message, `${error.hint} See all such files with: ocelli data check DATA`, { cause: error });
}

/**
 * Photos as floats [3, crop, crop], prepared by `preparation`, which is random only through the sample's `rng`. A file that
 * cannot be decoded is a `UserError` that names it, when its sample is asked for; see `readablePhotos` to leave such out.
 */
export function photoDataset(options: PhotoDatasetOptions): PhotoDataset {
  const { files, labels, classes, preparation, cache } = options;
  if (files.length !== labels.length) throw new Error(`${files.length} files but ${labels.length} labels`);
  for (const [index, label] of labels.entries()) checkLabel(label, index, classes.length);
  const { augmentation, preprocessing, orient, erasing } = preparation;
  const { crop: side, mean, std } = preprocessing;
  const { fixed, area, finish } = trainingInput(augmentation, preprocessing, erasing);
  const decode = (index: number, part?: (size: Size) => Box): Promise<Image> =>
    decodeImage(files[index] ?? "", { channels: RGB, orient, area: part }).catch(badFile);
  /** The area of the photo that is looked at, or all that is fixed of it. */
  const pixels = async (index: number, rng: Rng): Promise<Image> => {
    const part = area && ((size: Size) => area(size, rng));
    let kept = cache && keptPixels(cache, index);
    if (cache && !kept && !isFull(cache)) {
      kept = fixed(await decode(index));
      keepPixels(cache, index, kept);
    }
    if (!kept) return fixed(await decode(index, part));
    return part ? crop(kept, part(kept)) : kept;
  };
  return {
    ...options,
    length: files.length,
    shape: [RGB, side, side],
    normalisation: { mean, std },
    async sample(index, { rng, out }) {
      return { image: finish(await pixels(index, rng), rng, out), label: labels[index] ?? 0 };
    },
    remote: {
      module: threadModule(import.meta.url),
      export: "photoDataset",
      options: { files, labels, classes, preparation, cache },
    },
  };
}
