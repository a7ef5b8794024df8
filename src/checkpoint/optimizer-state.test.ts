import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { OURS } from "../../tools/golden/checkpoint-ours.ts";
import { UserError } from "../errors.ts";
import {
  decodeOptimizerState,
  decodePth,
  encodeOptimizerState,
  encodePth,
  float32Tensor,
  readPth,
  type StateShapes,
  toFloat32,
} from "./index.ts";

const golden = (name: string): string => new URL(`../../tools/golden/checkpoint/${name}`, import.meta.url).pathname;

// torch 2.13 loads these files with weights_only=True and strict=True and goes on from them: tools/golden/checkpoint-ours.py
test.each([...OURS])("%s is as PyTorch was shown it", async (name, content) => {
  expect(Buffer.from(encodePth(content)).equals(await readFile(golden(name)))).toBe(true);
});

test("what is written is read", () => {
  const slots = new Map([["b.momentum_buffer", float32Tensor([2], [1, 2])]]);
  const settings = { momentum: 0.9, nesterov: false };
  const state = { name: "sgd", step: 4, learningRate: 1, settings, parameters: ["a", "b"], slots } as const;
  const read = decodePth(encodePth(encodeOptimizerState(state)), "f");
  const expected = new Map([["b.momentum_buffer", [2]]]);
  expect(decodeOptimizerState(read, { file: "f", parameters: ["a", "b"], expected })).toEqual(slots);
});

test("before the first step there is no state", () => {
  const slots = new Map([["a.momentum_buffer", float32Tensor([1], [0])]]);
  const state = encodeOptimizerState({ name: "sgd", step: 0, learningRate: 1, settings: {}, parameters: ["a"], slots });
  expect(state).toMatchObject({ state: new Map(), param_groups: [{ params: [0] }] });
});

const NET = ["conv.weight", "conv.bias", "bn.weight", "bn.bias", "fc.weight", "fc.bias"];
const HEAD: StateShapes = new Map([
  ["fc.weight.momentum_buffer", [2, 2]],
  ["fc.bias.momentum_buffer", [2]],
]);

// torch 2.13: after one step with gradients of 1 for the first trained parameter, 2 for the second, …
test.each([
  ["frozen", "given all parameters, of which the head was trained", [1, 1, 1, 1, 2, 2]],
  ["filtered", "given only the head's parameters", [1, 1, 1, 1, 2, 2]],
  ["groups", "given backbone and head as two groups", [5, 5, 5, 5, 6, 6]],
])("%s: PyTorch's optimizer, %s", async (name, _, values) => {
  const optimizers = (await readPth(golden("optimizers.pth"))) as Map<string, unknown>;
  const slots = decodeOptimizerState(optimizers.get(name), { file: "f", parameters: NET, expected: HEAD });
  expect([...slots.values()].flatMap((tensor) => [...toFloat32(tensor)])).toEqual(values);
});

test("all that an optimizer's state lacks is listed", () => {
  const options = { file: "last.pth", parameters: NET, expected: HEAD };
  for (const value of [null, new Map(), new Map([["state", new Map([[4, new Map()]])]])]) {
    expect(() => decodeOptimizerState(value, options)).toThrow(UserError);
    expect(() => decodeOptimizerState(value, options)).toThrow(
      '"last.pth": expected the optimizer\'s state of every parameter but it lacks fc.weight.momentum_buffer, fc.bias.momentum_buffer.',
    );
  }
});
