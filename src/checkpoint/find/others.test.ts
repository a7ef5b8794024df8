/** Checkpoints as other people's training scripts leave them; remake them with tools/golden/checkpoint-others.py (torch 2.13). */
import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { fitStateDict } from "../load-report.ts";
import { readWeights, weightsFormat } from "../read-weights.ts";
import { type StateDict, toFloat32 } from "../tensor.ts";
import { chooseWeights } from "./choose-weights.ts";
import { saidClasses, saidModels } from "./file-says.ts";

const golden = (name: string): string =>
  new URL(`../../../tools/golden/checkpoint/others/${name}`, import.meta.url).pathname;
const expected = new Map<string, number[]>([
  ["conv.weight", [2, 1, 1, 1]],
  ["conv.bias", [2]],
  ["fc.weight", [3, 2]],
  ["fc.bias", [3]],
]);
const RIGHT = { "conv.weight": [0, 1], "conv.bias": [2, 3], "fc.weight": [4, 5, 6, 7, 8, 9], "fc.bias": [10, 11, 12] };
const AVERAGE = Object.fromEntries(
  Object.entries(RIGHT).map(([name, values]) => [name, values.map((value) => value + 100)]),
);

async function load(name: string, averaged = false) {
  const file = golden(name);
  const { candidates } = await readWeights(file);
  const { state, foreign, notes } = chooseWeights(candidates, { file, expected, heads: ["fc"], averaged });
  return { loaded: fitStateDict(state, expected, { file, foreign }).loaded, notes };
}

const valuesOf = (state: StateDict) =>
  Object.fromEntries(Array.from(state, ([name, tensor]) => [name, [...toFloat32(tensor)]]));

const AMID = 'took the weights in "state_dict"; there are averaged ones in "state_dict_ema": --ema-weights takes those';

test.each<[name: string, notes: string[]]>([
  ["beside-2.pth", []],
  ["beside-3.pth", []],
  ["beside-4.pth", []],
  ["beside-5.pth", []],
  ["beside-legacy.pth", []],
  ["net.pth", []],
  ["weights.pth", []],
  ["nested.pth", []],
  ["backbone.pth", []],
  ["compiled.pth", []],
  ["wrapped.pth", []],
  ["lightning.ckpt", ["left out: criterion.weight"]],
  [
    "averaged.pth",
    ['the weights in "module" are averaged ones, and the only ones in the file', "left out: n_averaged"],
  ],
  ["ema.pth", [AMID]],
  ["head.pth", ['"fc.1" is taken for "fc", as it is the only layer with weights there']],
  ["numpy.pth", []],
  ["whole.pth", []],
  ["whole-legacy.pth", []],
  ["script.pt", []],
])("%s opens, and what was chosen is said", async (name, notes) => {
  const found = await load(name);
  expect(valuesOf(found.loaded)).toEqual(RIGHT);
  expect(found.notes).toEqual(notes);
});

test.each([
  ["ema.pth", AVERAGE],
  ["ema-prefix.pth", AVERAGE],
  ["ema-part.pth", { ...AVERAGE, "conv.bias": RIGHT["conv.bias"] }],
])("the averaged weights of %s are taken where they are asked for, and only then", async (name, averages) => {
  const found = await load(name, true);
  expect(valuesOf(found.loaded)).toEqual(averages);
  expect(found.notes[0]).toMatch(/^took the averaged weights in .* leave --ema-weights out to take those$/);
  expect(valuesOf((await load(name)).loaded)).toEqual(RIGHT);
});

test("averaged weights that are not there are an error", async () => {
  await expect(load("net.pth", true)).rejects.toMatchObject({ hint: "Leave --ema-weights out." });
});

describe("what must be refused says what is wrong", () => {
  test.each([
    ["beside-layer.pth", /one network under "backbone" but there are layers beside it: head\.weight\.$/],
    ["extra-layer.pth", /they do not fit: unexpected: "se\.weight"\.$/],
    ["nan.pth", /expected finite weights but 1 of 3 values of "fc\.bias" are NaN\.$/],
    ["inf-half.pth", /expected finite weights but 1 of 2 values of "conv\.weight" are infinite\.$/],
    ["beyond.pth", /expected finite weights but 1 of 2 values of "conv\.weight" are beyond float32\.$/],
    ["quantised.pth", /but "conv\.weight" is quantised \(tensor of qint8\)\.$/],
    ["whole-numbers.pth", /in floating point but "conv\.weight" has elements of int8\.$/],
    ["arrays.npz", /it is an \.npz archive of numpy arrays/],
    ["array.npy", /it is one numpy array \(\.npy\)/],
  ])("%s", async (name, message) => {
    const error = await load(name).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
  });
});

test("what a file says of its network and classes is found, also among settings", async () => {
  const lightning = await readWeights(golden("lightning.ckpt"));
  expect(saidModels(lightning.entries)).toEqual(["resnet18"]);
  expect(saidClasses(lightning.entries)).toEqual([{ key: "class_to_idx", classes: ["a", "b", "c"] }]);
  expect(saidClasses((await readWeights(golden("weights.pth"))).entries)).toEqual([
    { key: "classes", classes: ["a", "b", "c"] },
  ]);
  expect(saidModels((await readWeights(golden("beside-2.pth"))).entries)).toEqual(["resnet18"]);
});

test("the content tells the format, not the name", async () => {
  expect(await weightsFormat(golden("lightning.ckpt"))).toBe("pth");
  expect(await weightsFormat(golden("array.npy"))).toBeUndefined();
});
