/** From bytes to what networks take. */
import type { Channels, Image } from "./image.ts";

/** What is taken off each channel and what it is divided by, for values in 0..1. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The mean and deviation of ImageNet's pixels, which torchvision's weights were trained with. */
export const IMAGENET_NORMALISATION: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const LEVELS = 256;
const { fround } = Math;

/** `(value / 255 − mean) / std` of each byte, every step in single precision as in torch; [channels, 256]. */
function normalised({ mean, std }: Normalisation): Float32Array {
  return Float32Array.from({ length: mean.length * LEVELS }, (_, i) => {
    const [channel, value] = [Math.floor(i / LEVELS), i % LEVELS];
    return fround(fround(value / 255) - fround(mean[channel]!)) / fround(std[channel]!);
  });
}

const TABLES = new WeakMap<Normalisation, Float32Array>();

/** `normalised`, made once for each object. */
function tableOf(normalisation: Normalisation): Float32Array {
  const table = TABLES.get(normalisation) ?? normalised(normalisation);
  TABLES.set(normalisation, table);
  return table;
}

/** 0..1, for so many channels. */
const UNIT: Readonly<Record<Channels, Normalisation>> = {
  1: { mean: [0], std: [1] },
  3: { mean: [0, 0, 0], std: [1, 1, 1] },
};

/**
 * The picture as floats [C, H, W]: 0..1, or normalised. torchvision's `ToTensor` and `Normalize` bit for bit. Written to `out`,
 * of that size, if it is given.
 */
export function toTensor(
  image: Image,
  normalisation?: Normalisation,
  out?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const { width, height, channels, data } = image;
  const { mean, std } = normalisation ?? UNIT[channels];
  if (mean.length !== channels || std.length !== channels) {
    throw new Error(`toTensor: expected mean and std of ${channels} channels, got ${mean.length} and ${std.length}`);
  }
  const area = width * height;
  const tensor = out ?? new Float32Array(channels * area);
  if (tensor.length !== channels * area) throw new Error(`toTensor: ${tensor.length} values for ${channels * area}`);
  const table = tableOf(normalisation ?? UNIT[channels]);
  if (channels === 3) fillColour(tensor, data, table);
  else for (let i = 0; i < area; i++) tensor[i] = table[data[i]!]!;
  return tensor;
}

/** Pixel by pixel, which takes half the time of plane by plane. */
function fillColour(tensor: Float32Array, data: Uint8Array, table: Float32Array): void {
  const area = tensor.length / 3;
  for (let i = 0, from = 0; i < area; i++, from += 3) {
    tensor[i] = table[data[from]!]!;
    tensor[area + i] = table[LEVELS + data[from + 1]!]!;
    tensor[2 * area + i] = table[2 * LEVELS + data[from + 2]!]!;
  }
}

/** The picture that was normalised to `tensor` [C, H, W], rounded and clamped to bytes. */
export function fromTensor(
  tensor: Float32Array,
  { width, height, normalisation }: { width: number; height: number; normalisation?: Normalisation },
): Image {
  const area = width * height;
  const channels = tensor.length / area;
  if (channels !== 1 && channels !== 3) {
    throw new Error(`fromTensor: expected 1 or 3 channels of ${height}×${width}, got ${tensor.length} values`);
  }
  const data = new Uint8ClampedArray(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    const [std, mean] = [normalisation?.std[channel] ?? 1, normalisation?.mean[channel] ?? 0];
    const plane = tensor.subarray(channel * area, (channel + 1) * area);
    for (let i = 0; i < area; i++) data[i * channels + channel] = Math.round((plane[i]! * std + mean) * 255);
  }
  return { width, height, channels, data: new Uint8Array(data.buffer) };
}
