/** Predictions for picture files. */
import { UserError } from "../errors.ts";
import { formatShape } from "../graph/value.ts";
import { type Channels, decodeImage, type Image } from "../image/index.ts";
import { softmaxRows, topClasses } from "../metrics/index.ts";
import type { LoadedModel } from "./load-model.ts";
import type { Trainer } from "./network-trainer.ts";

/** A class and how probable the network holds it. */
export interface RankedClass {
  readonly class: string;
  readonly index: number;
  /** 0..1; over all classes they add up to 1. */
  readonly probability: number;
}

/** The picture as the model takes it, floats [C, H, W]. A picture of another size is a `UserError`. */
export function toInput({ width, height, channels, data }: Image, model: LoadedModel, name: string): Float32Array {
  const [c, h, w] = model.inputShape;
  if (width !== w || height !== h) {
    throw new UserError(
      `"${name}": expected a picture of ${w}×${h} pixels, which ${model.name} takes, but it has ${width}×${height}.`,
      "Resize the picture.",
    );
  }
  if (channels !== c) throw new Error(`expected ${c} channels for shape ${formatShape(model.inputShape)}`);
  const pixels = new Float32Array(c * h * w);
  for (let i = 0; i < pixels.length; i++) {
    const byte = data[(i % (h * w)) * channels + Math.floor(i / (h * w))] ?? 0;
    pixels[i] = model.rawPixels ? byte : byte / 255;
  }
  return pixels;
}

/** Decodes a picture given as its path or its bytes, for `model`. */
export async function readInput(source: string | Uint8Array, model: LoadedModel, name: string): Promise<Float32Array> {
  const channels = model.inputShape[0] as Channels;
  return toInput(await decodeImage(source, { channels, name }), model, name);
}

/** What the network makes of one picture. */
export interface PredictedPicture {
  readonly logits: Float32Array;
  readonly top: readonly RankedClass[];
}

/** The `k` most probable classes of one picture [C, H, W], most probable first. */
export async function predict(
  trainer: Trainer,
  { input, classes, k = 5 }: { input: Float32Array; classes: readonly string[]; k?: number },
): Promise<PredictedPicture> {
  const logits = await trainer.logits(input);
  const rows = { data: logits, classes: classes.length };
  const probabilities = softmaxRows(rows);
  const top = topClasses(rows, 0, Math.min(k, classes.length)).map((index) => ({
    class: classes[index] ?? String(index),
    index,
    probability: probabilities[index] ?? 0,
  }));
  return { logits, top };
}
