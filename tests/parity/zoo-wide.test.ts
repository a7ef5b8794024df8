// torch 2.13, torchvision 0.28, float64; regenerate with tools/golden/zoo-parity.py
import { expect, test } from "vitest";
import { type Bars, checkLogits, checkStep, withNetwork } from "./zoo-check.ts";

// fp32; measured: logits 1e-6, gradients 1.4e-6, state 9e-7 (of a tensor that moves by more than its own size)
const FLOAT32: Bars = { logits: 1e-4, gradient: 1e-3, state: 1e-5 };

// up to 144 million parameters, whatever the size of the images
test.each(["alexnet", "vgg16", "vgg19"])("%s on the onnx engine matches PyTorch", async (name) => {
  expect.hasAssertions();
  await withNetwork(name, "onnx", async (opened) => {
    await checkLogits(opened, FLOAT32.logits);
    await checkStep(opened, FLOAT32);
  });
});
