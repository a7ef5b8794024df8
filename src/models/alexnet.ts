/** AlexNet in its one-column form (Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks"). */
import {
  adaptiveAveragePool2d,
  conv2d,
  dropout as dropoutOf,
  flatten,
  linear,
  type Module,
  maxPool2d,
  module,
  relu,
  type Step,
  sequential,
} from "../nn/index.ts";
import type { NetworkOptions } from "./network-options.ts";

const pool: Step = (x) => maxPool2d(x, { kernel: 3, stride: 2 });

/** AlexNet: [N, 3, H, W] → logits [N, classes]; H and W at least 63. */
export const alexnet = ({ classes = 1000, dropout = 0.5 }: NetworkOptions = {}): Module =>
  module(
    {
      features: sequential(
        conv2d(3, 64, { kernel: 11, stride: 4, padding: 2 }),
        relu,
        pool,
        conv2d(64, 192, { kernel: 5, padding: 2 }),
        relu,
        pool,
        conv2d(192, 384, { kernel: 3, padding: 1 }),
        relu,
        conv2d(384, 256, { kernel: 3, padding: 1 }),
        relu,
        conv2d(256, 256, { kernel: 3, padding: 1 }),
        relu,
        pool,
      ),
      classifier: sequential(
        dropoutOf(dropout),
        linear(256 * 6 * 6, 4096),
        relu,
        dropoutOf(dropout),
        linear(4096, 4096),
        relu,
        linear(4096, classes),
      ),
    },
    (images, { features, classifier }) => {
      const pooled = adaptiveAveragePool2d(features(images), 6); // [N, 256, 6, 6]
      return classifier(flatten(pooled));
    },
  );
