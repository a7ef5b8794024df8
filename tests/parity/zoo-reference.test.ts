// torch 2.13, torchvision 0.28, float64; regenerate with tools/golden/zoo-parity.py
import { expect, test } from "vitest";
import { type Bars, checkLogits, checkStep, withNetwork } from "./zoo-check.ts";

// float64 on both sides; what is read from the engine is rounded to float32 and golden numbers have eight digits
const FLOAT64: Bars = { logits: 3e-7, gradient: 3e-7, state: 3e-7 };

test.each(["squeezenet1_0", "resnet18", "densenet121"])("%s on the reference engine matches PyTorch", async (name) => {
  expect.hasAssertions();
  await withNetwork(name, "reference", (opened) => checkStep(opened, FLOAT64));
});

test("inception_v3 on the reference engine matches PyTorch in evaluation", async () => {
  expect.hasAssertions();
  await withNetwork("inception_v3", "reference", (opened) => checkLogits(opened, FLOAT64.logits, -1));
});
