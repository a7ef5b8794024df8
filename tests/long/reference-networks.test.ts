// torch 2.13, torchvision 0.28, float64; regenerate with tools/golden/zoo-parity.py
import { expect, test } from "vitest";
import { checkLogits, checkStep, FLOAT64, withNetwork } from "../parity/network-check.ts";

test.each(["resnet18", "densenet121"])("%s on the reference engine matches PyTorch", async (name) => {
  expect.hasAssertions();
  await withNetwork(name, "reference", (opened) => checkStep(opened, FLOAT64));
});

test("inception_v3 on the reference engine matches PyTorch in evaluation", async () => {
  expect.hasAssertions();
  await withNetwork("inception_v3", "reference", (opened) => checkLogits(opened, FLOAT64.logits, -1));
});
