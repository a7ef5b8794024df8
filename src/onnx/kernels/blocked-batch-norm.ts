/** Batch normalisation of blocked images, in lines of each channel; see `affine.ts`. */
import { type Shape, sizeOf, type TensorType } from "../../graph/value.ts";
import { emitAffine } from "../affine.ts";
import { blockedChannelSums, canBlock, fromBlocked, toBlocked } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";

/** Whether a normalisation of images of that shape is done in blocks. */
export const normalisesBlocked = (emitter: Emitter, { shape }: TensorType): boolean =>
  shape.length === 4 && canBlock(emitter, shape[1] ?? 0);

/** Values of each channel. */
export const countOf = (shape: Shape): number => sizeOf(shape) / (shape[1] ?? 1);

/** x less its channels' means; the forward pass and the gradient share it. */
function centredImage(emitter: Emitter, x: string, mean: string, channels: number): string {
  const scale = emitter.floats(new Float32Array(channels).fill(1), [channels]);
  return emitAffine(emitter, { x: toBlocked(emitter, x), channels, scale, shift: emitter.emit("Neg", [mean]) });
}

/** Mean and variance [C] of the batch, and x less its channels' means, blocked. */
export function blockedStatistics(emitter: Emitter, x: string, { shape }: TensorType) {
  const { emit, number } = emitter;
  const [, channels = 1] = shape;
  const share = number(1 / countOf(shape));
  const mean = emit("Mul", [blockedChannelSums(emitter, toBlocked(emitter, x), shape), share]);
  const centred = centredImage(emitter, x, mean, channels);
  const variance = emit("Mul", [blockedChannelSums(emitter, emit("Mul", [centred, centred]), shape), share]);
  return { mean, variance, centred };
}

/** scale·x + shift of a blocked image x: a plain image. */
export function blockedLine(
  emitter: Emitter,
  { x, scale, shift }: { readonly x: string; readonly scale: string; readonly shift: string },
  type: TensorType,
): string {
  return fromBlocked(emitter, emitAffine(emitter, { x, scale, shift, channels: type.shape[1] ?? 1 }), type);
}

/** The gradients of a normalisation by the batch's statistics: of x, weight and bias. */
export function blockedTrainingGradient(
  emitter: Emitter,
  [x, weight, mean, invStd, dy]: readonly [string, string, string, string, string],
  type: TensorType,
): readonly [string, string, string] {
  const { emit, number } = emitter;
  const { shape } = type;
  const [, channels = 1] = shape;
  const [centred, slopes] = [centredImage(emitter, x, mean, channels), toBlocked(emitter, dy)];
  const dbias = blockedChannelSums(emitter, slopes, shape);
  const dweight = emit("Mul", [blockedChannelSums(emitter, emit("Mul", [slopes, centred]), shape), invStd]);
  // dx = weight·invStd·(dy − mean(dy) − normalised·mean(dy·normalised))
  const scale = emit("Mul", [weight, invStd]);
  const lost = emit("Mul", [scale, number(-1 / countOf(shape))]);
  const line = emitAffine(emitter, {
    x: centred,
    channels,
    scale: emit("Mul", [emit("Mul", [dweight, invStd]), lost]),
    shift: emit("Mul", [dbias, lost]),
  });
  const none = emitter.floats(new Float32Array(channels), [channels]);
  const dx = emitAffine(emitter, { x: slopes, channels, scale, shift: none, sum: line });
  return [fromBlocked(emitter, dx, type), dweight, dbias];
}
