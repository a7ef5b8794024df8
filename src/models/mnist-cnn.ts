import { conv2d, flatten, linear, type Module, maxPool2d, module, relu, sequential } from "../nn/index.ts";

/** A 5×5 convolution that keeps the size, relu, and the larger half of it: [N, C, H, W] → [N, outChannels, H/2, W/2]. */
const block = (inChannels: number, outChannels: number): Module =>
  sequential(conv2d(inChannels, outChannels, { kernel: 5, padding: 2 }), relu, (x) => maxPool2d(x, { kernel: 2 }));

/** The small CNN of tutorials for images of 28×28 pixels: [N, 1, 28, 28] → logits [N, classes]; 28,938 parameters for 10. */
export const mnistCnn = ({ classes = 10 } = {}): Module =>
  module(
    { conv1: block(1, 16), conv2: block(16, 32), out: linear(32 * 7 * 7, classes) },
    (images, { conv1, conv2, out }) => out(flatten(conv2(conv1(images)))),
  );
