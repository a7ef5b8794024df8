/** The data of a run, prepared as its network and its settings want them. */
import { availableParallelism } from "node:os";
import { type IdxData, type LoadDataOptions, type Marks, photoPreparations } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { formatShape, sameShape } from "../graph/value.ts";
import { findModel, type ModelRecord } from "../models/index.ts";
import { defaultInput, type ModelInput } from "./preprocessing.ts";
import type { TrainConfig } from "./settings.ts";

/** How pictures become the network's input, for photos and for pictures that have the network's size already. */
function photoInput(model: ModelRecord, { size, exif }: TrainConfig): ModelInput {
  const usual = defaultInput(model);
  if (usual.kind === "pixels") return usual;
  const resize = size === 0 ? usual.resize : Math.round((size * usual.resize) / usual.crop);
  return { ...usual, exif, resize, crop: size === 0 ? usual.crop : size };
}

/** How `loadData` is to prepare a run's data; `marks` are those that the run began with. */
export function dataOptions(
  config: TrainConfig,
  marks?: Marks,
): Pick<LoadDataOptions, "rawPixels" | "transpose" | "photos"> {
  const { rawPixels, transpose, augment, erase, badFiles, valShare, seed, cache, epochs } = config;
  const input = photoInput(findModel(config.model), config);
  const { kind, exif, ...preprocessing } = input.kind === "photos" ? input : { kind: input.kind, exif: config.exif };
  const preparation = photoPreparations({ augmentation: augment, erasing: erase, orient: exif, ...preprocessing });
  // an epoch looks at each training photo once, so keeping them pays from the second one on
  const parts = epochs === 1 ? (["val"] as const) : (["train", "val"] as const);
  const keepDecoded = cache === "none" ? [] : parts;
  return { rawPixels, transpose, photos: { preparation, badFiles, share: valShare, seed, keepDecoded, marks } };
}

/** Whether the data are photos, and not pictures of one size. */
export const isPhotos = ({ train }: IdxData): boolean => "files" in train;

/** How the run's pictures become the network's input. Data that the network does not take are a `UserError`. */
export function inputOf(data: IdxData, model: ModelRecord, config: TrainConfig): ModelInput {
  const { name, inputShape } = model;
  const { shape } = data.train;
  if (config.transpose && !data.transposed) {
    throw new UserError(
      `transpose: expected a folder of IDX files but got ${data.source}, which come upright.`,
      "Leave --transpose out.",
    );
  }
  if (isPhotos(data)) return photosFor(model, config, data.source);
  if (sameShape(shape, inputShape)) {
    const { rawPixels, transpose } = config;
    const inputShape = shape as [number, number, number];
    return { kind: "pixels", inputShape, rawPixels, ...(transpose && { transpose }) };
  }
  throw new UserError(
    `${data.source}: expected images of shape ${formatShape(inputShape)}, which ${name} takes, but they are ${formatShape(shape)}.`,
    "Use a data set with images of that size, or another model.",
  );
}

function photosFor(model: ModelRecord, config: TrainConfig, source: string): ModelInput {
  const { name, inputShape, minimumSize } = model;
  const input = photoInput(model, config);
  if (input.kind === "pixels") {
    throw new UserError(
      `${source}: expected images of shape ${formatShape(inputShape)}, which ${name} takes, but they are photos.`,
      "Take a model for photos, such as --model resnet18; list them with: ocelli models",
    );
  }
  if (minimumSize <= input.crop) return input;
  throw new UserError(
    `size: expected at least ${minimumSize} pixels, which ${name} needs, but got ${input.crop}.`,
    `Give --size ${minimumSize} or more, or leave it out for ${inputShape[1]}.`,
  );
}

/** Threads that make a run's batches. */
export const workersOf = ({ workers }: Pick<TrainConfig, "workers">, data: IdxData): number =>
  workers !== "auto" ? workers : isPhotos(data) ? availableParallelism() : 0;
