/** Inception v3 (Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision"). */
import { constant, type Value } from "../graph/value.ts";
import {
  averagePool2d,
  channelAffine,
  dropout as dropoutOf,
  globalAveragePool,
  identity,
  linear,
  type Module,
  module,
  normalWith,
} from "../nn/index.ts";
import { conv, DEVIATION, HALVING, halved, K3, mixedA, mixedB, mixedC, mixedD, mixedE } from "./inception-blocks.ts";
import type { NetworkOptions } from "./network-options.ts";

/** Share of the auxiliary classifier's loss. */
const AUXILIARY_WEIGHT = 0.4;

/** A classifier part of the way: [N, 768, H, W] → logits [N, classes]; H and W at least 17. */
const auxiliary = (classes: number): Module =>
  module(
    {
      conv0: conv(768, 128),
      conv1: conv(128, 768, { kernel: 5, deviation: 0.01 }),
      fc: linear(768, classes, { initialiseWeight: normalWith(0, 0.001) }),
    },
    (x, { conv0, conv1, fc }) => fc(globalAveragePool(conv1(conv0(averagePool2d(x, { kernel: 5, stride: 3 }))))),
  );

/** From ImageNet's normalisation to pixels of −1..1: per channel x·(deviation/0.5) + (mean − 0.5)/0.5. */
function toUnitRange(images: Value): Value {
  const scale = [0.229, 0.224, 0.225].map((deviation) => deviation / 0.5);
  const shift = [0.485, 0.456, 0.406].map((mean) => (mean - 0.5) / 0.5);
  return channelAffine(images, constant(Float32Array.from(scale), [3]), constant(Float32Array.from(shift), [3]));
}

/**
 * Inception v3: [N, 3, H, W] → logits [N, classes]; made for images of 299 pixels. H and W at least 75 in evaluation, and
 * 299 in training with the auxiliary classifier.
 */
export function inceptionV3(options: NetworkOptions = {}): Module {
  const { classes = 1000, dropout: rate = 0.5, transformInput = false, auxLogits = true } = options;
  return module(
    {
      Conv2d_1a_3x3: conv(3, 32, HALVING),
      Conv2d_2a_3x3: conv(32, 32, { kernel: 3 }),
      Conv2d_2b_3x3: conv(32, 64, K3),
      Conv2d_3b_1x1: conv(64, 80),
      Conv2d_4a_3x3: conv(80, 192, { kernel: 3 }),
      Mixed_5b: mixedA(192, 32),
      Mixed_5c: mixedA(256, 64),
      Mixed_5d: mixedA(288, 64),
      Mixed_6a: mixedB(288),
      Mixed_6b: mixedC(128),
      Mixed_6c: mixedC(160),
      Mixed_6d: mixedC(160),
      Mixed_6e: mixedC(192),
      AuxLogits: auxLogits ? auxiliary(classes) : identity(),
      Mixed_7a: mixedD(),
      Mixed_7b: mixedE(1280),
      Mixed_7c: mixedE(2048),
      dropout: dropoutOf(rate),
      fc: linear(2048, classes, { initialiseWeight: normalWith(0, DEVIATION) }),
    },
    (images, net, scope) => {
      const x = net.Conv2d_1a_3x3(transformInput ? toUnitRange(images) : images); // [N, 32, 149, 149]
      const stem = halved(net.Conv2d_2b_3x3(net.Conv2d_2a_3x3(x))); // [N, 64, 73, 73]
      const low = halved(net.Conv2d_4a_3x3(net.Conv2d_3b_1x1(stem))); // [N, 192, 35, 35]
      const wide = net.Mixed_5d(net.Mixed_5c(net.Mixed_5b(low))); // [N, 288, 35, 35]
      const middle = net.Mixed_6c(net.Mixed_6b(net.Mixed_6a(wide)));
      const high = net.Mixed_6e(net.Mixed_6d(middle)); // [N, 768, 17, 17]
      if (scope.training && auxLogits) scope.addAuxiliary(net.AuxLogits(high), AUXILIARY_WEIGHT);
      const features = net.Mixed_7c(net.Mixed_7b(net.Mixed_7a(high))); // [N, 2048, 8, 8]
      return net.fc(net.dropout(globalAveragePool(features)));
    },
  );
}
