/** How pictures become a network's input, as a checkpoint's entry `preprocessing` says it. */
import { z } from "zod";
import { type PthInput, type PthValue, pyFloat } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { IMAGENET_PREPROCESSING, type Preprocessing } from "../image/recipes.ts";
import type { ModelRecord } from "../models/index.ts";

/** Pictures that have the network's size already, such as MNIST's. */
export interface PixelInput {
  readonly kind: "pixels";
  /** Channels, height, width. */
  readonly inputShape: readonly [number, number, number];
  /** Whether it takes pixels as 0..255 and not as 0..1. */
  readonly rawPixels: boolean;
  /** Whether rows and columns of IDX images are exchanged for it, which EMNIST stores so; other pictures are upright. */
  readonly transpose?: boolean;
}

/** Photos of any size in colour: resized, the middle cut out, normalised. */
export interface PhotoInput extends Preprocessing {
  readonly kind: "photos";
  /** Whether photos are turned as their EXIF data says; torchvision does not. */
  readonly exif: boolean;
}

/** Either of them. */
export type ModelInput = PixelInput | PhotoInput;

/** A side beyond this is an error in a file, not a network's input. */
const LARGEST_SIDE = 8192;
const side = z.number().int().min(1).max(LARGEST_SIDE);
const perChannel = z.array(z.number()).length(3);

const pixelEntry = z.object({
  input_shape: z.tuple([z.literal([1, 3]), side, side]),
  raw_pixels: z.boolean(),
  transpose: z.boolean().default(false),
});
const photoEntry = z.object({
  resize: side,
  crop: side,
  interpolation: z.enum(["bilinear", "bicubic"]),
  mean: perChannel,
  std: z.array(z.number().positive()).length(3),
  exif: z.boolean().default(true),
});

/**
 * The entry `preprocessing` of a checkpoint: a dictionary of either `input_shape`, `raw_pixels` and `transpose` (false if absent), or `resize`, `crop`,
 * `interpolation`, `mean`, `std` and `exif` (true if absent). Anything else is a `UserError` that names the file.
 */
export function parsePreprocessing(entry: PthValue, file: string): ModelInput {
  const value = entry instanceof Map ? Object.fromEntries(entry) : entry;
  const photos = photoEntry.safeParse(value);
  if (photos.success) return { kind: "photos", ...photos.data };
  const pixels = pixelEntry.safeParse(value);
  if (pixels.success) {
    const { input_shape: inputShape, raw_pixels: rawPixels, transpose } = pixels.data;
    return { kind: "pixels", inputShape, rawPixels, ...(transpose && { transpose }) };
  }
  const meantPhotos = typeof value === "object" && value !== null && "crop" in value;
  const [issue] = (meantPhotos ? photos : pixels).error.issues;
  const wrong = issue && 0 < issue.path.length ? `"${issue.path.join(".")}" is wrong` : "it is no dictionary";
  throw new UserError(
    `"${file}", preprocessing: expected how pictures are prepared but ${wrong}.`,
    "Give a run of ocelli, or the weights alone with --model.",
  );
}

/** What a checkpoint holds of it; `parsePreprocessing` reads it again. */
export function preprocessingEntry(input: ModelInput): Record<string, PthInput> {
  if (input.kind === "pixels") {
    const { inputShape, rawPixels, transpose } = input;
    return { input_shape: inputShape, raw_pixels: rawPixels, ...(transpose && { transpose }) };
  }
  const { resize, crop, interpolation, mean, std, exif } = input;
  return { resize, crop, interpolation, mean: mean.map(pyFloat), std: std.map(pyFloat), exif };
}

/** Channels, height, width of what the network takes. */
export const inputShapeOf = (input: ModelInput): readonly [number, number, number] =>
  input.kind === "pixels" ? input.inputShape : [3, input.crop, input.crop];

/**
 * How pictures are prepared for a network of the zoo where nothing else is said: as for its first published weights, with
 * EXIF orientation applied; a network without any takes pixels 0..1.
 */
export function defaultInput({ published, inputShape }: ModelRecord): ModelInput {
  if (!published) return { kind: "pixels", inputShape, rawPixels: false };
  return { kind: "photos", ...(published.weights[0]?.preprocessing ?? IMAGENET_PREPROCESSING), exif: true };
}
