/** Transforms with given parameters, against torchvision on Pillow to the last bit. */
import { expect, test } from "vitest";
import { type Adjustment, adjustColours, paint } from "../../src/image/colour/index.ts";
import { plainPainter } from "../../src/image/colour/plain.ts";
import type { Box, Image, Size } from "../../src/image/image.ts";
import type { Channels } from "../../src/image/index.ts";
import { flipHorizontal, flipVertical } from "../../src/image/pixels/turn.ts";
import { evaluationCrop, IMAGENET_PREPROCESSING, type Preprocessing } from "../../src/image/recipes.ts";
import { passesOf, type Resampling, resample } from "../../src/image/resample/index.ts";
import { resamplePlain } from "../../src/image/resample/plain.ts";
import type { Interpolation } from "../../src/image/resample/weights.ts";
import { type Normalisation, toTensor } from "../../src/image/tensor.ts";
import { cropCentre } from "../../src/image/transforms/crop.ts";
import { toGray } from "../../src/image/transforms/grayscale.ts";
import { cutWith, mixWith } from "../../src/image/transforms/mix.ts";
import { applyOperation, type Operation } from "../../src/image/transforms/operations.ts";
import { pad } from "../../src/image/transforms/pad.ts";
import { randAugmentSpace, type Space, trivialAugmentSpace } from "../../src/image/transforms/policies.ts";
import { erase } from "../../src/image/transforms/random-erasing.ts";
import { resizeTo, shortSideSize } from "../../src/image/transforms/resize.ts";
import { rotate } from "../../src/image/transforms/rotation.ts";
import { rngFor } from "../../src/rng.ts";
import golden from "../../tools/golden/transforms.json" with { type: "json" };
import { everyColour, sha256, synthetic } from "./synthetic.ts";

/** A picture with all ways to transform it that must agree. */
type Results = readonly (Image | Float32Array)[];

const rng = rngFor(0, "unused");

/** A resampling as it runs, and in plain loops. */
function resampled(image: Image, resampling: Resampling & { size: Size; interpolation: Interpolation }): Results {
  const { size, interpolation } = resampling;
  const fast = resample(image, resampling);
  if (interpolation === "nearest") return [fast];
  const { area = { left: 0, top: 0, ...sizeOf(image) }, window = { left: 0, top: 0, ...size } } = resampling;
  return [fast, resamplePlain(image, passesOf({ size, area, window, interpolation }))];
}

const sizeOf = ({ width, height }: Size): Size => ({ width, height });

const LABELS = [0, 2, 1];
const CLASSES = 3;

/** Three pictures, each shifted by one column more, with labels. */
function batchOf(image: Image) {
  const tensor = toTensor(image);
  const images = new Float32Array(LABELS.length * tensor.length);
  LABELS.forEach((_, shift) => {
    tensor.forEach((_, i) => {
      const row = i - (i % image.width);
      images[shift * tensor.length + i] = tensor[row + ((i - row - shift + image.width) % image.width)]!;
    });
  });
  return { images, labels: LABELS, ...sizeOf(image) };
}

const joined = ({ images, targets }: { images: Float32Array; targets: Float32Array }): Float32Array =>
  Float32Array.of(...images, ...targets);

/** What each name of the golden file does to a picture with the case's parameters. */
const APPLY: Readonly<Record<string, (image: Image, parameters: never) => Results>> = {
  resizeTo: (image, { interpolation, ...size }: Size & { interpolation: Interpolation }) => [
    resizeTo(image, size, interpolation),
    ...resampled(image, { size, interpolation }),
  ],
  "resize to square": (image, { side }: { side: number }) => [resizeTo(image, { width: side, height: side })],
  resize: (image, { short }: { short: number }) => [resizeTo(image, shortSideSize(image, short))],
  centerCrop: (image, { side }: { side: number }) => [cropCentre(image, { width: side, height: side })],
  evaluationCrop: (image, parameters: Preprocessing) => [
    evaluationCrop({ ...IMAGENET_PREPROCESSING, ...parameters })(image, rng),
  ],
  resizedCrop: (image, parameters: { box: Box; size: number; interpolation: Interpolation }) => {
    const { box, size, interpolation } = parameters;
    return resampled(image, { area: box, size: { width: size, height: size }, interpolation });
  },
  pad: (image, { padding, fill }: { padding: [number, number, number, number]; fill: number | number[] }) => {
    const [left, top, right, bottom] = padding;
    return [pad(image, { left, top, right, bottom }, fill)];
  },
  flipHorizontal: (image) => [flipHorizontal(image)],
  flipVertical: (image) => [flipVertical(image)],
  rotate: (image, { degrees, fill }: { degrees: number; fill: number }) => [rotate(image, degrees, fill)],
  adjust: (image, steps: readonly Adjustment[]) => [
    adjustColours(image, steps),
    paint(plainPainter(image), image, steps),
  ],
  gray: (image) => [toGray(image)],
  operation: (image, operation: Operation) => [applyOperation(image, operation)],
  toTensor: (image, { mean, std }: Partial<Normalisation>) => [toTensor(image, mean && std && { mean, std })],
  everyByte: (image, normalisation: Normalisation) => [toTensor(image, normalisation)],
  erase: (image, box: Box) => [erase(toTensor(image), image, { box, valueAt: () => 0.25 })],
  mixWith: (image, { share }: { share: number }) => [joined(mixWith(batchOf(image), share, CLASSES))],
  cutWith: (image, box: Box) => [joined(cutWith(batchOf(image), box, CLASSES))],
};

function pictureOf(image: unknown): Image {
  if (image === "every colour") return everyColour();
  if (image === "flat") {
    return {
      width: 20,
      height: 10,
      channels: 3,
      data: Uint8Array.from({ length: 600 }, (_, i) => [7, 7, 200][i % 3]!),
    };
  }
  if (image === null) {
    const data = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
    return { width: 256, height: 1, channels: 3, data };
  }
  const [width, height, channels] = image as [number, number, Channels];
  return synthetic(width, height, channels);
}

const bytesOf = (result: Image | Float32Array): Uint8Array | Float32Array =>
  result instanceof Float32Array ? result : result.data;

const names = [...new Set(golden.cases.map(({ name }) => name))];

test.each(names)("%s", (name) => {
  const differing: unknown[] = [];
  for (const { image, parameters, hash } of golden.cases.filter((one) => one.name === name)) {
    const results = APPLY[name]?.(pictureOf(image), parameters as never) ?? [];
    const hashes = results.map((result) => sha256(bytesOf(result)).slice(0, hash.length));
    if (hashes.length === 0 || hashes.some((one) => one !== hash)) differing.push({ image, parameters });
  }
  expect(differing).toEqual([]);
});

test.each([
  ["randAugment", randAugmentSpace({ width: 500, height: 375 })],
  ["randAugment10", randAugmentSpace({ width: 224, height: 224 }, 10)],
  ["trivialAugmentWide", trivialAugmentSpace()],
] as const)("the operations and strengths of %s", (name, space: Space) => {
  const ours = space.map(([operation, { magnitudes, signed }]) => [operation, magnitudes ?? null, signed === true]);
  expect(ours).toEqual(golden.spaces[name]);
});
