// torch 2.13, torchvision 0.28, float64; regenerate with tools/golden/zoo-parity.py
import { describe, expect, test } from "vitest";
import { THREAD_ENGINES } from "../conformance/engine-names.ts";
import { checkLogits, checkStep, FLOAT32, withNetwork } from "../parity/network-check.ts";

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
