/** SqueezeNet (Iandola et al. 2016): few parameters by squeezing channels before each 3×3 convolution. */
import {
  type ConvolutionOptions,
  concat,
  constantOf,
  conv2d,
  dropout as dropoutOf,
  fanIn,
  globalAveragePool,
  kaimingUniform,
  type Module,
  maxPool2d,
  module,
  normalWith,
  relu,
  type Step,
  sequential,
} from "../nn/index.ts";
import type { NetworkOptions } from "./network-options.ts";

const convolution = (inChannels: number, outChannels: number, options: ConvolutionOptions): Module =>
  conv2d(inChannels, outChannels, {
    initialiseWeight: kaimingUniform(fanIn),
    initialiseBias: constantOf(0),
    ...options,
  });

/** Squeezes to `squeezed` channels, then `expanded` of 1×1 and as many of 3×3. → [N, 2·expanded, H, W] */
const fire = (inChannels: number, squeezed: number, expanded: number): Module =>
  module(
    {
      squeeze: convolution(inChannels, squeezed, { kernel: 1 }),
      expand1x1: convolution(squeezed, expanded, { kernel: 1 }),
      expand3x3: convolution(squeezed, expanded, { kernel: 3, padding: 1 }),
    },
    (x, { squeeze, expand1x1, expand3x3 }) => {
      const few = relu(squeeze(x));
      return concat([relu(expand1x1(few)), relu(expand3x3(few))], { axis: 1 });
    },
  );

/** A last window may reach over the edge: 109 → 54 → 27 → 13 pixels for images of 224. */
const pool: Step = (x) => maxPool2d(x, { kernel: 3, stride: 2, ceilMode: true });

const squeezenet =
  (features: () => Module) =>
  ({ classes = 1000, dropout = 0.5 }: NetworkOptions = {}): Module =>
    module(
      {
        features: features(),
        classifier: sequential(
          dropoutOf(dropout),
          convolution(512, classes, { kernel: 1, initialiseWeight: normalWith(0, 0.01) }),
          relu,
        ),
      },
      (images, parts) => globalAveragePool(parts.classifier(parts.features(images))),
    );

/** SqueezeNet 1.0: [N, 3, H, W] → logits [N, classes], at least 0; H and W at least 21. */
export const squeezenet10 = squeezenet(() =>
  sequential(
    convolution(3, 96, { kernel: 7, stride: 2 }),
    relu,
    pool,
    fire(96, 16, 64),
    fire(128, 16, 64),
    fire(128, 32, 128),
    pool,
    fire(256, 32, 128),
    fire(256, 48, 192),
    fire(384, 48, 192),
    fire(384, 64, 256),
    pool,
    fire(512, 64, 256),
  ),
);

/** SqueezeNet 1.1, of less than half the operations: [N, 3, H, W] → logits [N, classes]; H and W at least 17. */
export const squeezenet11 = squeezenet(() =>
  sequential(
    convolution(3, 64, { kernel: 3, stride: 2 }),
    relu,
    pool,
    fire(64, 16, 64),
    fire(128, 16, 64),
    pool,
    fire(128, 32, 128),
    fire(256, 32, 128),
    pool,
    fire(256, 48, 192),
    fire(384, 48, 192),
    fire(384, 64, 256),
    fire(512, 64, 256),
  ),
);
