/** Densely connected networks (Huang et al. 2017, DenseNet-BC): each layer reads the features of all layers before it. */
import {
  averagePool2d,
  batchNorm2d,
  type ConvolutionOptions,
  concat,
  constantOf,
  conv2d,
  dropout as dropoutOf,
  fanIn,
  globalAveragePool,
  kaimingNormal,
  linear,
  type Module,
  maxPool2d,
  module,
  namedSequential,
  relu,
  type Step,
} from "../nn/index.ts";
import type { NetworkOptions } from "./network-options.ts";

interface Plan {
  /** Features that a layer adds. */
  readonly growth: number;
  /** Layers of each block. */
  readonly depths: readonly number[];
  /** Features of the first convolution. */
  readonly stem: number;
}

/** The 1×1 convolution of a layer makes so many times the features that the layer adds. */
const BOTTLENECK = 4;

const convolution = (inChannels: number, outChannels: number, options: ConvolutionOptions): Module =>
  conv2d(inChannels, outChannels, { bias: false, initialiseWeight: kaimingNormal(fanIn), ...options });

/** The new features of a layer: [N, inChannels, H, W] → [N, growth, H, W]. */
const layer = (inChannels: number, growth: number, rate: number): Module =>
  module(
    {
      norm1: batchNorm2d(inChannels),
      conv1: convolution(inChannels, BOTTLENECK * growth, { kernel: 1 }),
      norm2: batchNorm2d(BOTTLENECK * growth),
      conv2: convolution(BOTTLENECK * growth, growth, { kernel: 3, padding: 1 }),
      dropout: dropoutOf(rate),
    },
    (x, { norm1, conv1, norm2, conv2, dropout }) => {
      const narrow = conv1(relu(norm1(x)));
      return dropout(conv2(relu(norm2(narrow))));
    },
  );

/** Layers whose features gather: [N, inChannels, H, W] → [N, inChannels + depth·growth, H, W]. */
function denseBlock(inChannels: number, depth: number, { growth, rate }: { growth: number; rate: number }): Module {
  const layers = Array.from({ length: depth }, (_, index) => [
    `denselayer${index + 1}`,
    layer(inChannels + index * growth, growth, rate),
  ]);
  return module(Object.fromEntries(layers) as Record<string, Module>, (x, bound) =>
    Object.values(bound).reduce((features, next) => concat([features, next(features)], { axis: 1 }), x),
  );
}

/** Halves features and image: [N, C, H, W] → [N, C/2, H/2, W/2]. */
const transition = (channels: number): Module =>
  namedSequential({
    norm: batchNorm2d(channels),
    relu,
    conv: convolution(channels, Math.floor(channels / 2), { kernel: 1 }),
    pool: (x) => averagePool2d(x, { kernel: 2 }),
  });

const densenet =
  ({ growth, depths, stem }: Plan) =>
  ({ classes = 1000, dropout = 0 }: NetworkOptions = {}): Module => {
    const steps: Record<string, Step> = {
      conv0: convolution(3, stem, { kernel: 7, stride: 2, padding: 3 }),
      norm0: batchNorm2d(stem),
      relu0: relu,
      pool0: (x) => maxPool2d(x, { kernel: 3, stride: 2, padding: 1 }), // [N, stem, H/4, W/4]
    };
    let channels = stem;
    for (const [index, depth] of depths.entries()) {
      steps[`denseblock${index + 1}`] = denseBlock(channels, depth, { growth, rate: dropout });
      channels += depth * growth;
      if (index === depths.length - 1) continue;
      steps[`transition${index + 1}`] = transition(channels);
      channels = Math.floor(channels / 2);
    }
    steps.norm5 = batchNorm2d(channels);
    return module(
      { features: namedSequential(steps), classifier: linear(channels, classes, { initialiseBias: constantOf(0) }) },
      (images, { features, classifier }) => classifier(globalAveragePool(relu(features(images)))),
    );
  };

/** DenseNet-121: [N, 3, H, W] → logits [N, classes]; H and W at least 29. */
export const densenet121 = densenet({ growth: 32, depths: [6, 12, 24, 16], stem: 64 });
/** DenseNet-161, the wide one. */
export const densenet161 = densenet({ growth: 48, depths: [6, 12, 36, 24], stem: 96 });
/** DenseNet-169. */
export const densenet169 = densenet({ growth: 32, depths: [6, 12, 32, 32], stem: 64 });
/** DenseNet-201. */
export const densenet201 = densenet({ growth: 32, depths: [6, 12, 48, 32], stem: 64 });
