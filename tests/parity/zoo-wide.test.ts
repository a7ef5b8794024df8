// torch 2.13, torchvision 0.28, float64; regenerate with tools/golden/zoo-parity.py
import { describe, expect, test } from "vitest";
import { THREAD_ENGINES } from "../conformance/engine-names.ts";
import { type Bars, checkLogits, checkStep, withNetwork } from "./zoo-check.ts";

// fp32; measured: logits 1e-6, gradients 1.4e-6, state 9e-7 (of a tensor that moves by more than its own size)
const FLOAT32: Bars = { logits: 1e-4, gradient: 1e-3, state: 1e-5 };

// up to 144 million parameters, whatever the size of the images
describe.each(["alexnet", "vgg16", "vgg19"])("%s", (name) => {
  test.each(THREAD_ENGINES)("on the %s engine matches PyTorch", async (engine) => {
    expect.hasAssertions();
    await withNetwork(name, engine, async (opened) => {
      await checkLogits(opened, FLOAT32.logits);
      await checkStep(opened, FLOAT32);
    });
  });
});
