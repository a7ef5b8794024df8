/** From bytes to what networks take. */
import type { Image } from "./image.ts";

/** What is taken off each channel and what it is divided by, for values in 0..1. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The mean and deviation of ImageNet's pixels, which torchvision's weights were trained with. */
export const IMAGENET_NORMALISATION: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const LEVELS = 256;
const { fround } = Math;

/** `(value / 255 − mean) / std` of each byte, every step in single precision as in torch. */
function normalised(mean: number, std: number): Float32Array {
  return Float32Array.from({ length: LEVELS }, (_, value) => fround(fround(value / 255) - fround(mean)) / fround(std));
}

/** The picture as floats [C, H, W]: 0..1, or normalised. torchvision's `ToTensor` and `Normalize` bit for bit. */
export function toTensor(image: Image, normalisation?: Normalisation): Float32Array<ArrayBuffer> {
  const { width, height, channels, data } = image;
  const { mean, std } = normalisation ?? { mean: Array(channels).fill(0), std: Array(channels).fill(1) };
  if (mean.length !== channels || std.length !== channels) {
    throw new Error(`toTensor: expected mean and std of ${channels} channels, got ${mean.length} and ${std.length}`);
  }
  const area = width * height;
  const tensor = new Float32Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    const values = normalised(mean[channel]!, std[channel]!);
    const plane = channel * area;
    for (let i = 0, from = channel; i < area; i++, from += channels) tensor[plane + i] = values[data[from]!]!;
  }
  return tensor;
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
  const data = new Uint8Array(channels * area);
  for (let i = 0; i < tensor.length; i++) {
    const channel = Math.floor(i / area);
    const share = tensor[i]! * (normalisation?.std[channel] ?? 1) + (normalisation?.mean[channel] ?? 0);
    data[(i % area) * channels + channel] = Math.max(0, Math.min(255, Math.round(share * 255)));
  }
  return { width, height, channels, data };
}
