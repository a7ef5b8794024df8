/** Very deep networks of 3×3 convolutions (Simonyan & Zisserman 2015), without and with batch normalisation. */
import {
  adaptiveAveragePool2d,
  batchNorm2d,
  constantOf,
  conv2d,
  dropout as dropoutOf,
  fanOut,
  flatten,
  kaimingNormal,
  linear,
  type Module,
  maxPool2d,
  module,
  normalWith,
  relu,
  type Step,
  sequential,
} from "../nn/index.ts";
import type { NetworkOptions } from "./network-options.ts";

/** Convolutions in each of the five stages; after each stage the image is halved. */
type Depths = readonly [number, number, number, number, number];

const WIDTHS = [64, 128, 256, 512, 512] as const;
const zero = constantOf(0);

const convolution = (inChannels: number, outChannels: number): Module =>
  conv2d(inChannels, outChannels, {
    kernel: 3,
    padding: 1,
    initialiseWeight: kaimingNormal(fanOut),
    initialiseBias: zero,
  });

const fullyConnected = (inFeatures: number, outFeatures: number): Module =>
  linear(inFeatures, outFeatures, { initialiseWeight: normalWith(0, 0.01), initialiseBias: zero });

/** [N, 3, H, W] → [N, 512, H/32, W/32] */
function features(depths: Depths, normalise: boolean): Module {
  const steps = depths.flatMap((depth, stage): Step[] => {
    const width = WIDTHS[stage] ?? 0;
    const convolutions = Array.from({ length: depth }, (_, index): Step[] => {
      const inChannels = 0 < index ? width : (WIDTHS[stage - 1] ?? 3);
      return [convolution(inChannels, width), ...(normalise ? [batchNorm2d(width)] : []), relu];
    });
    return [...convolutions.flat(), (x) => maxPool2d(x, { kernel: 2 })];
  });
  return sequential(...steps);
}

const vgg =
  (depths: Depths, { normalise = false } = {}) =>
  ({ classes = 1000, dropout = 0.5 }: NetworkOptions = {}): Module =>
    module(
      {
        features: features(depths, normalise),
        classifier: sequential(
          fullyConnected(512 * 7 * 7, 4096),
          relu,
          dropoutOf(dropout),
          fullyConnected(4096, 4096),
          relu,
          dropoutOf(dropout),
          fullyConnected(4096, classes),
        ),
      },
      (images, parts) => {
        const pooled = adaptiveAveragePool2d(parts.features(images), 7); // [N, 512, 7, 7]
        return parts.classifier(flatten(pooled));
      },
    );

const [A, B, D, E]: readonly [Depths, Depths, Depths, Depths] = [
  [1, 1, 2, 2, 2],
  [2, 2, 2, 2, 2],
  [2, 2, 3, 3, 3],
  [2, 2, 4, 4, 4],
];

/** VGG-11 (the paper's A): [N, 3, H, W] → logits [N, classes]; H and W at least 32. */
export const vgg11 = vgg(A);
/** VGG-13 (B). */
export const vgg13 = vgg(B);
/** VGG-16 (D). */
export const vgg16 = vgg(D);
/** VGG-19 (E). */
export const vgg19 = vgg(E);
/** VGG-11 with batch normalisation after each convolution. */
export const vgg11Bn = vgg(A, { normalise: true });
/** VGG-13 with batch normalisation after each convolution. */
export const vgg13Bn = vgg(B, { normalise: true });
/** VGG-16 with batch normalisation after each convolution. */
export const vgg16Bn = vgg(D, { normalise: true });
/** VGG-19 with batch normalisation after each convolution. */
export const vgg19Bn = vgg(E, { normalise: true });
