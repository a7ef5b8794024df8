/** Pictures as an exported model takes them: bytes [N, H, W, C], cut out already. */
import { type Dataset, type IdxData, loadData, makeBatch, photoPreparations } from "../data/index.ts";
import type { Channels } from "../image/index.ts";
import { toTensor } from "../image/index.ts";
import { configValues, dataOptions, inputShapeOf, type ModelInput, type ResolvedConfig } from "../training/index.ts";

/** The input of a model whose graph normalises by itself: pixels stay what they are, photos are 0..1. */
export function bytesInput(input: ModelInput): ModelInput {
  return input.kind === "pixels" ? { ...input, rawPixels: true } : { ...input, mean: [0, 0, 0], std: [1, 1, 1] };
}

/** Floats [N, C, H, W], prepared by `bytesInput`, as the bytes [N, H, W, C] that they are from. */
export function toBytes(floats: Float32Array, input: ModelInput): Uint8Array<ArrayBuffer> {
  const [channels, height, width] = inputShapeOf(input);
  const scale = input.kind === "pixels" ? 1 : 255;
  const area = height * width;
  const bytes = new Uint8Array(floats.length);
  for (let i = 0; i < bytes.length; i++) {
    const pixel = Math.floor(i / channels);
    const image = Math.floor(pixel / area) * area * channels;
    bytes[i] = Math.round((floats[image + (i % channels) * area + (pixel % area)] ?? 0) * scale);
  }
  return bytes;
}

/** Bytes [N, H, W, C] as the floats [N, C, H, W] that the network takes, to the last bit as in training. */
export function toFloats(bytes: Uint8Array, input: ModelInput): Float32Array<ArrayBuffer> {
  const [channels, height, width] = inputShapeOf(input);
  const size = channels * height * width;
  const floats = new Float32Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    const image = { width, height, channels: channels as Channels, data: bytes.subarray(at, at + size) };
    const out = floats.subarray(at, at + size);
    toTensor(image, input.kind === "photos" ? input : undefined, out);
    if (input.kind === "pixels" && input.rawPixels) out.set(channelsFirst(image.data, channels));
  }
  return floats;
}

function channelsFirst(bytes: Uint8Array, channels: number): Uint8Array {
  const area = bytes.length / channels;
  return bytes.map((_, i) => bytes[(i % area) * channels + Math.floor(i / area)] ?? 0);
}

/** The data of a run, both parts without augmentation and prepared for `toBytes`. Nothing is downloaded. */
export function loadBytesOf(config: ResolvedConfig, input: ModelInput): Promise<IdxData> {
  const values = configValues(config);
  const options = dataOptions(values);
  const bare = bytesInput(input);
  if (bare.kind === "pixels") return loadData(values.data, { ...options, rawPixels: true, offline: true });
  const { kind, exif, ...preprocessing } = bare;
  const { val } = photoPreparations({ ...preprocessing, orient: exif });
  return loadData(values.data, { ...options, photos: { ...options.photos, preparation: { train: val, val } } });
}

/** Some pictures of a data set with their labels. */
export interface BytesBatch {
  /** [N, H, W, C] */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly size: number;
  readonly labels: Int32Array;
}

/** Up to `count` pictures of a data set that `loadBytesOf` gave, evenly from all of it. */
export async function pickBytes(dataset: Dataset, count: number, input: ModelInput): Promise<BytesBatch> {
  const size = Math.min(count, dataset.length);
  const indices = Uint32Array.from({ length: size }, (_, place) => Math.floor((place * dataset.length) / size));
  const { images, labels } = await makeBatch(dataset, { indices, seed: 0, epoch: 0 });
  return { bytes: toBytes(images, input), size, labels };
}
