/** Predictions for picture files. */
import { areFinite } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { sizeOf } from "../graph/value.ts";
import { type Box, type Channels, decodeImage, type Image, type Size, toTensor } from "../image/index.ts";
import { evaluationPart, evaluationPixels, pixelsOfPart } from "../image/recipes.ts";
import { softmaxRows, topClasses } from "../metrics/index.ts";
import type { LoadedModel } from "./load-model.ts";
import type { Trainer } from "./network-trainer.ts";
import type { PixelInput } from "./preprocessing.ts";

/** A class and how probable the network holds it. */
export interface RankedClass {
  readonly class: string;
  readonly index: number;
  /** 0..1; over all classes they add up to 1. */
  readonly probability: number;
}

type InputModel = Pick<LoadedModel, "name" | "input">;
type AnsweringModel = Pick<LoadedModel, "name" | "input" | "classes" | "inputShape">;

/** The picture as the model takes it, floats [C, H, W]. Of a model that takes pixels, another size is a `UserError`. */
export function toInput(image: Image, model: InputModel, name: string): Float32Array {
  const pixels = toPixels(image, model, name);
  return model.input.kind === "photos" ? toTensor(pixels, model.input) : floatsOf(pixels, model.input);
}

/** The pixels of the picture that the model sees. Of a model that takes pixels, another size is a `UserError`. */
function toPixels(image: Image, { name: model, input }: InputModel, name: string): Image {
  if (input.kind === "photos") return evaluationPixels(image, input);
  const [, h, w] = input.inputShape;
  if (image.width === w && image.height === h) return image;
  throw new UserError(
    `"${name}": expected a picture of ${w}×${h} pixels, which ${model} takes, but it has ${image.width}×${image.height}.`,
    "Resize the picture.",
  );
}

function floatsOf({ channels, data }: Image, { inputShape: [c, h, w], rawPixels }: PixelInput): Float32Array {
  if (channels !== c) throw new Error(`expected a picture of ${c} channels, got ${channels}`);
  const pixels = new Float32Array(c * h * w);
  for (let i = 0; i < pixels.length; i++) {
    const byte = data[(i % (h * w)) * channels + Math.floor(i / (h * w))] ?? 0;
    pixels[i] = rawPixels ? byte : byte / 255;
  }
  return pixels;
}

/** Decodes a picture given as its path or its bytes, with the channels that `model` takes, turned as in its validation. */
export function decodeFor(source: string | Uint8Array, { input }: InputModel, name: string): Promise<Image> {
  const channels: Channels = input.kind === "photos" || input.inputShape[0] === 3 ? 3 : 1;
  const orient = input.kind === "photos" ? input.exif : true;
  return decodeImage(source, { channels, orient, name });
}

/** Decodes a picture given as its path or its bytes, and prepares it for `model` as in its validation. */
export async function readInput(source: string | Uint8Array, model: InputModel, name: string): Promise<Float32Array> {
  const pixels = await decodePixels(source, model, name);
  return model.input.kind === "photos" ? toTensor(pixels, model.input) : floatsOf(pixels, model.input);
}

/** The same before it becomes floats: the bytes [H, W, C] that an exported model takes. */
export async function readPixels(source: string | Uint8Array, model: InputModel, name: string): Promise<Uint8Array> {
  return (await decodePixels(source, model, name)).data;
}

/** Of a photo, no more is decoded than the network sees. */
async function decodePixels(source: string | Uint8Array, model: InputModel, name: string): Promise<Image> {
  const { input } = model;
  if (input.kind === "pixels") return toPixels(await decodeFor(source, model, name), model, name);
  let whole: Size = { width: 0, height: 0 };
  const area = (size: Size): Box => {
    whole = { width: size.width, height: size.height };
    return evaluationPart(whole, input);
  };
  return pixelsOfPart(await decodeImage(source, { channels: 3, orient: input.exif, name, area }), whole, input);
}

/** What the network makes of one picture. */
export interface PredictedPicture {
  readonly logits: Float32Array;
  readonly top: readonly RankedClass[];
}

/** The `k` most probable classes of one picture [C, H, W], most probable first. */
export async function predict(
  trainer: Pick<Trainer, "logits">,
  { input, classes, k = 5 }: { input: Float32Array; classes: readonly string[]; k?: number },
): Promise<PredictedPicture> {
  return rank(await trainer.logits(input), classes, k);
}

/** The `k` most probable classes of a picture by its logits [classes], most probable first. */
export function rank(logits: Float32Array, classes: readonly string[], k: number): PredictedPicture {
  if (!areFinite(logits)) throw overflown();
  const rows = { data: logits, classes: classes.length };
  const probabilities = softmaxRows(rows);
  const top = topClasses(rows, 0, Math.min(k, classes.length)).map((index) => ({
    class: classes[index] ?? String(index),
    index,
    probability: probabilities[index] ?? 0,
  }));
  return { logits, top };
}

/** The error of outputs that are no numbers, of weights that are: there is no class to name then. */
const overflown = (): UserError =>
  new UserError(
    "expected the network to answer with numbers but it gave NaN or infinity.",
    "Its weights are too large for float32, or of another network: take an earlier checkpoint.",
  );

/** A picture that is to be predicted. */
export interface PictureSource {
  /** What answers call it. */
  readonly file: string;
  /** What errors call it if it is given as bytes; `file` by default. */
  readonly name?: string;
  /** Its path or its bytes; called when its turn comes. A `UserError` becomes the picture's answer. */
  readonly open: () => Promise<string | Uint8Array>;
}

/** The answer to one picture: what the network makes of it, or why there is none. */
export type PictureAnswer =
  | ({ readonly file: string; readonly error?: undefined } & PredictedPicture)
  | { readonly file: string; readonly error: UserError };

/** What `predictPictures` takes. */
export interface PredictOptions {
  readonly model: AnsweringModel;
  /** Classes of each answer; 5 by default. */
  readonly k?: number;
  /** Pictures at a time, at most the trainer's batch size. */
  readonly batchSize: number;
}

/** Pictures that are read and decoded at once: decoding happens in Node's thread pool. */
const DECODED_AT_ONCE = 8;

/**
 * The answers to pictures in their order. One that cannot be read has its error for an answer, and the rest goes on. While
 * the network works on a batch, the pictures of the next one are decoded and prepared.
 */
export async function* predictPictures(
  trainer: Pick<Trainer, "logits">,
  sources: readonly PictureSource[],
  { model, k = 5, batchSize }: PredictOptions,
): AsyncGenerator<PictureAnswer, void, void> {
  let underWay: Promise<PictureAnswer[]> | undefined;
  for (let first = 0; first < sources.length; first += batchSize) {
    const prepared = await prepareAll(sources.slice(first, first + batchSize), model);
    if (underWay) yield* await underWay;
    underWay = answer(trainer, prepared, { model, k });
    underWay.catch(() => {}); // thrown above or below, where it is waited for
  }
  if (underWay) yield* await underWay;
}

/** A picture that is ready for the network, or is not one. */
type Prepared = { readonly file: string } & ({ readonly input: Float32Array } | { readonly error: UserError });

async function prepareAll(sources: readonly PictureSource[], model: InputModel): Promise<Prepared[]> {
  const prepared: Prepared[] = new Array(sources.length);
  const waiting = sources.entries();
  const lane = async (): Promise<void> => {
    for (const [index, source] of waiting) prepared[index] = await prepare(source, model);
  };
  await Promise.all(Array.from({ length: Math.min(DECODED_AT_ONCE, sources.length) }, lane));
  return prepared;
}

async function prepare({ file, open, name = file }: PictureSource, model: InputModel): Promise<Prepared> {
  try {
    const source = await open();
    return { file, input: await readInput(source, model, typeof source === "string" ? source : name) };
  } catch (error) {
    if (error instanceof UserError) return { file, error };
    throw error;
  }
}

async function answer(
  trainer: Pick<Trainer, "logits">,
  prepared: readonly Prepared[],
  { model: { classes, inputShape }, k }: { model: AnsweringModel; k: number },
): Promise<PictureAnswer[]> {
  const inputs = prepared.flatMap((picture) => ("input" in picture ? [picture.input] : []));
  const images = new Float32Array(inputs.length * sizeOf(inputShape));
  for (const [row, input] of inputs.entries()) images.set(input, row * input.length);
  const logits = inputs.length === 0 ? new Float32Array() : await trainer.logits(images);
  let row = 0;
  return prepared.map((picture) => {
    const { file } = picture;
    if ("error" in picture) return { file, error: picture.error };
    const from = row++ * classes.length;
    const own = logits.slice(from, from + classes.length);
    return areFinite(own) ? { file, ...rank(own, classes, k) } : { file, error: overflown() };
  });
}
