import { expect, test } from "vitest";
import { findModel } from "../models/index.ts";
import { paysConstants } from "./evaluation.ts";

// convolutions use a weight for every pixel, linear layers once; alexnet and vgg16 are mostly linear layers
test.each([
  ["mnist-cnn", 1000, true],
  ["resnet18", 16, false],
  ["resnet18", 64, true],
  ["alexnet", 153, false],
  ["vgg16", 153, true],
  ["squeezenet1_0", 16, true],
])("%s on %i images: constants pay is %s", (name, images, expected) => {
  const { build, inputShape } = findModel(name);
  expect(paysConstants(build({ classes: 10 }), inputShape, images)).toBe(expected);
});
