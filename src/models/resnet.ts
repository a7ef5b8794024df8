/** Deep residual learning (He et al. 2015), with the stride of a bottleneck on its 3×3 convolution. */
import {
  add,
  batchNorm2d,
  type ConvolutionOptions,
  conv2d,
  fanOut,
  globalAveragePool,
  identity,
  kaimingNormal,
  linear,
  type Module,
  maxPool2d,
  module,
  relu,
  sequential,
} from "../nn/index.ts";
import type { NetworkOptions } from "./network-options.ts";

const convolution = (inChannels: number, outChannels: number, options: ConvolutionOptions): Module =>
  conv2d(inChannels, outChannels, { bias: false, initialiseWeight: kaimingNormal(fanOut), ...options });

/** What is added to a block's result: its input, projected where the shape changes. */
const shortcut = (inChannels: number, outChannels: number, stride: number): Module =>
  stride === 1 && inChannels === outChannels
    ? identity()
    : sequential(convolution(inChannels, outChannels, { kernel: 1, stride }), batchNorm2d(outChannels));

interface Block {
  /** Channels of the result for each of its width. */
  readonly expansion: number;
  build(inChannels: number, width: number, stride: number): Module;
}

/** Two 3×3 convolutions. [N, inChannels, H, W] → [N, width, H/stride, W/stride] */
const basic: Block = {
  expansion: 1,
  build: (inChannels, width, stride) =>
    module(
      {
        conv1: convolution(inChannels, width, { kernel: 3, stride, padding: 1 }),
        bn1: batchNorm2d(width),
        conv2: convolution(width, width, { kernel: 3, padding: 1 }),
        bn2: batchNorm2d(width),
        downsample: shortcut(inChannels, width, stride),
      },
      (x, { conv1, bn1, conv2, bn2, downsample }) => {
        const mixed = relu(bn1(conv1(x)));
        return relu(add([bn2(conv2(mixed)), downsample(x)]));
      },
    ),
};

/** 1×1, 3×3, 1×1 convolutions. [N, inChannels, H, W] → [N, 4·width, H/stride, W/stride] */
const bottleneck: Block = {
  expansion: 4,
  build: (inChannels, width, stride) =>
    module(
      {
        conv1: convolution(inChannels, width, { kernel: 1 }),
        bn1: batchNorm2d(width),
        conv2: convolution(width, width, { kernel: 3, stride, padding: 1 }),
        bn2: batchNorm2d(width),
        conv3: convolution(width, 4 * width, { kernel: 1 }),
        bn3: batchNorm2d(4 * width),
        downsample: shortcut(inChannels, 4 * width, stride),
      },
      (x, { conv1, bn1, conv2, bn2, conv3, bn3, downsample }) => {
        const reduced = relu(bn1(conv1(x)));
        const mixed = relu(bn2(conv2(reduced)));
        return relu(add([bn3(conv3(mixed)), downsample(x)]));
      },
    ),
};

type Depths = readonly [number, number, number, number];

function resnet({ expansion, build }: Block, depths: Depths, { classes = 1000 }: NetworkOptions = {}): Module {
  const stage = (inChannels: number, width: number, depth: number, stride: number): Module => {
    const others = Array.from({ length: depth - 1 }, () => build(expansion * width, width, 1));
    return sequential(build(inChannels, width, stride), ...others);
  };
  return module(
    {
      conv1: convolution(3, 64, { kernel: 7, stride: 2, padding: 3 }),
      bn1: batchNorm2d(64),
      layer1: stage(64, 64, depths[0], 1),
      layer2: stage(expansion * 64, 128, depths[1], 2),
      layer3: stage(expansion * 128, 256, depths[2], 2),
      layer4: stage(expansion * 256, 512, depths[3], 2),
      fc: linear(expansion * 512, classes),
    },
    (images, { conv1, bn1, layer1, layer2, layer3, layer4, fc }) => {
      const stem = maxPool2d(relu(bn1(conv1(images))), { kernel: 3, stride: 2, padding: 1 }); // [N, 64, H/4, W/4]
      const features = layer4(layer3(layer2(layer1(stem)))); // [N, 512·expansion, H/32, W/32]
      return fc(globalAveragePool(features));
    },
  );
}

/** ResNet-18: [N, 3, H, W] → logits [N, classes]. */
export const resnet18 = (options?: NetworkOptions): Module => resnet(basic, [2, 2, 2, 2], options);
/** ResNet-34: [N, 3, H, W] → logits [N, classes]. */
export const resnet34 = (options?: NetworkOptions): Module => resnet(basic, [3, 4, 6, 3], options);
/** ResNet-50: [N, 3, H, W] → logits [N, classes]. */
export const resnet50 = (options?: NetworkOptions): Module => resnet(bottleneck, [3, 4, 6, 3], options);
/** ResNet-101: [N, 3, H, W] → logits [N, classes]. */
export const resnet101 = (options?: NetworkOptions): Module => resnet(bottleneck, [3, 4, 23, 3], options);
/** ResNet-152: [N, 3, H, W] → logits [N, classes]. */
export const resnet152 = (options?: NetworkOptions): Module => resnet(bottleneck, [3, 8, 36, 3], options);
