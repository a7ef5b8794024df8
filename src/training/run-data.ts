/** The data of a run, prepared as its network and its settings want them. */
import { availableParallelism } from "node:os";
import { type IdxData, type LoadDataOptions, photoPreparations } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { formatShape, sameShape } from "../graph/value.ts";
import { findModel, type ModelRecord } from "../models/index.ts";
import { defaultInput, inputShapeOf, type ModelInput } from "./preprocessing.ts";
import type { TrainConfig } from "./settings.ts";

/** How pictures become the network's input, for photos and for pictures that have the network's size already. */
function photoInput(model: ModelRecord, { size, exif }: TrainConfig): ModelInput {
  const usual = defaultInput(model);
  if (usual.kind === "pixels") return usual;
  const resize = size === 0 ? usual.resize : Math.round((size * usual.resize) / usual.crop);
  return { ...usual, exif, resize, crop: size === 0 ? usual.crop : size };
}

/** How `loadData` is to prepare a run's data. */
export function dataOptions(config: TrainConfig): Pick<LoadDataOptions, "rawPixels" | "photos"> {
  const { rawPixels, augment, badFiles, valShare, seed } = config;
  const input = photoInput(findModel(config.model), config);
  const { kind, exif, ...preprocessing } = input.kind === "photos" ? input : { kind: input.kind, exif: config.exif };
  const preparation = photoPreparations({ augmentation: augment, orient: exif, ...preprocessing });
  return { rawPixels, photos: { preparation, badFiles, share: valShare, seed } };
}

/** Whether the data are photos, and not pictures of one size. */
export const isPhotos = ({ train }: IdxData): boolean => "files" in train;

/** How the run's pictures become the network's input. Data that the network does not take are a `UserError`. */
export function inputOf(data: IdxData, model: ModelRecord, config: TrainConfig): ModelInput {
  const { name, inputShape, minimumSize } = model;
  const { shape } = data.train;
  const input: ModelInput = isPhotos(data)
    ? photoInput(model, config)
    : { kind: "pixels", inputShape: shape as [number, number, number], rawPixels: config.rawPixels };
  const fits = isPhotos(data)
    ? sameShape(shape, inputShapeOf(input)) && minimumSize <= (shape[1] ?? 0)
    : sameShape(shape, inputShape);
  if (fits) return input;
  const taken =
    isPhotos(data) && 3 === inputShape[0]
      ? `photos of at least ${minimumSize} pixels`
      : `images of shape ${formatShape(inputShape)}`;
  throw new UserError(
    `${data.source}: expected ${taken}, which ${name} takes, but they are ${formatShape(shape)}.`,
    "Use a data set with images of that size, or another model.",
  );
}

/** Threads that make a run's batches. */
export const workersOf = ({ workers }: Pick<TrainConfig, "workers">, data: IdxData): number =>
  workers !== "auto" ? workers : isPhotos(data) ? availableParallelism() : 0;
