import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { modernKey } from "../models/historical-keys.ts";
import { float32Tensor, stateDictOf } from "./index.ts";

const one = float32Tensor([1], [1]);
const named = (...names: readonly string[]) => new Map(names.map((name) => [name, one]));

test.each([
  ["a bare state dict", named("conv.weight", "conv.bias")],
  [
    "under state_dict",
    new Map<string, unknown>([
      ["epoch", 3],
      ["state_dict", named("conv.weight", "conv.bias")],
    ]),
  ],
  ["under model_state_dict", new Map([["model_state_dict", named("conv.weight", "conv.bias")]])],
  [
    "under model",
    new Map<string, unknown>([
      ["args", null],
      ["model", named("conv.weight", "conv.bias")],
    ]),
  ],
  ["of DataParallel", named("module.conv.weight", "module.conv.bias")],
  ["of torch.compile", named("_orig_mod.conv.weight", "_orig_mod.conv.bias")],
  ["of both, either way round", named("module._orig_mod.conv.weight", "module._orig_mod.conv.bias")],
  ["of both, the other way round", named("_orig_mod.module.conv.weight", "_orig_mod.module.conv.bias")],
  [
    "besides a tensor",
    new Map<string, unknown>([
      ["best_acc", one],
      ["state_dict", named("conv.weight", "conv.bias")],
    ]),
  ],
])("%s", (_, value) => {
  expect([...stateDictOf(value, "f").keys()]).toEqual(["conv.weight", "conv.bias"]);
});

test("a network of which only a part is called module keeps its names", () => {
  const names = ["module.conv.weight", "fc.weight"];
  expect([...stateDictOf(named(...names), "f").keys()]).toEqual(names);
});

test("no tensors at all is a UserError", () => {
  for (const value of [new Map(), new Map([["a", 1]]), [], null, one])
    expect(() => stateDictOf(value, "net.pth")).toThrow(UserError);
  expect(() => stateDictOf(null, "net.pth")).toThrow(
    '"net.pth": expected the weights of a network but there are no named tensors in it.',
  );
});

// the official densenet121-a639ec97.pth has these names on the left
test.each([
  ["features.denseblock1.denselayer2.norm.1.weight", "features.denseblock1.denselayer2.norm1.weight"],
  ["features.denseblock4.denselayer16.norm.2.running_var", "features.denseblock4.denselayer16.norm2.running_var"],
  ["features.denseblock1.denselayer1.conv.2.weight", "features.denseblock1.denselayer1.conv2.weight"],
  ["features.denseblock1.denselayer1.norm1.weight", "features.denseblock1.denselayer1.norm1.weight"],
  ["features.transition1.norm.weight", "features.transition1.norm.weight"],
  ["features.norm5.bias", "features.norm5.bias"],
  ["layer1.0.conv1.weight", "layer1.0.conv1.weight"],
])("%s is now %s", (old, present) => {
  expect(modernKey(old)).toBe(present);
  expect([...stateDictOf(named(`module.${old}`), "f").keys()]).toEqual([present]);
});
