import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { checkStateDict, decodePth, encodePth, readPth, stateDictOf, toFloat32, writePth } from "./index.ts";
import { decodeOptimizerState, encodeOptimizerState } from "./optimizer-state.ts";
import { float32Tensor, int64Scalar, isStateTensor, stateHash } from "./tensor.ts";
import { pyFloat } from "./write-pth.ts";

const golden = (name: string): string => new URL(`../../tools/golden/checkpoint/${name}`, import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "ocelli-pth-"));
afterAll(() => rm(folder, { recursive: true }));

async function problem(action: () => unknown): Promise<UserError> {
  const error = await Promise.resolve()
    .then(action)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

// files by torch 2.13; remake them with tools/golden/checkpoint.py
describe("files of PyTorch", () => {
  test.each([
    ["plain", [3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ["transposed", [4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
    ["view", [2, 2], [4, 6, 8, 10]],
    ["scalar", [], [2.5]],
    ["empty", [0, 3], []],
    ["half", [4], [1.5, -2, 65504, 2 ** -24]],
    ["brain", [2], [1.5, -3]],
    ["double", [1], [0.10000000149011612]],
    ["long", [2], [-5, 2 ** 40]],
    ["byte", [2], [0, 255]],
    ["flag", [2], [1, 0]],
    ["parameter", [1], [7]],
  ])("tensor %s", async (name, shape, values) => {
    const tensor = stateDictOf(await readPth(golden("tensors.pth")), "tensors.pth").get(name);
    expect(tensor?.shape).toEqual(shape);
    expect([...toFloat32(tensor ?? int64Scalar(0))]).toEqual(values);
  });

  test("a checkpoint: weights without the prefix of DataParallel, numbers, lists", async () => {
    const value = (await readPth(golden("checkpoint.pth"))) as Map<string, unknown>;
    expect([...stateDictOf(value, "").keys()]).toEqual(["weight", "bias"]);
    expect([value.get("best_acc"), value.get("classes"), value.get("epoch")]).toEqual([0.5, ["a", "b"], 3]);
    const expected = new Map([
      ["weight.exp_avg", [1, 2]],
      ["bias.exp_avg_sq", [1]],
    ]);
    const options = { file: "f", parameters: ["weight", "bias"], expected };
    const slots = decodeOptimizerState(value.get("optimizer"), options);
    expect(toFloat32(slots.get("weight.exp_avg") ?? int64Scalar(0))).toBeAllclose([0.1, 0.1]);
    expect(toFloat32(slots.get("bias.exp_avg_sq") ?? int64Scalar(0))).toBeAllclose([0.001]);
  });

  test("a file that asks for code is refused, and the code is named", async () => {
    const { message } = await problem(() => readPth(golden("evil.pth")));
    expect(message).toMatch(/evil\.pth": expected tensors and plain data but it asks to run "posix\.system"/);
  });
});

describe("what is written is read", () => {
  test("all kinds of values", () => {
    const value = { text: "é", int: 3, big: 2 ** 40, negative: -5, float: 0.1, none: null, list: [1, true, []] };
    expect(Object.fromEntries(decodePth(encodePth(value), "f") as Map<string, unknown>)).toEqual(value);
  });

  test("tensors begin at multiples of 64 bytes", () => {
    const bytes = encodePth([float32Tensor([1], [1234.5]), int64Scalar(7)]);
    const found = Buffer.from(bytes).indexOf(Buffer.from(Float32Array.of(1234.5).buffer));
    expect(found % 64).toBe(0);
    expect(decodePth(bytes, "f")).toEqual([float32Tensor([1], [1234.5]), int64Scalar(7)]);
  });

  test("an optimizer's state", () => {
    const slots = new Map([["b.momentum_buffer", float32Tensor([2], [1, 2])]]);
    const settings = { momentum: 0.9, nesterov: false };
    const state = { name: "sgd", step: 4, learningRate: 1, settings, parameters: ["a", "b"], slots } as const;
    const read = decodePth(encodePth(encodeOptimizerState(state)), "f");
    const expected = new Map([["b.momentum_buffer", [2]]]);
    expect(decodeOptimizerState(read, { file: "f", parameters: ["a", "b"], expected })).toEqual(slots);
  });
});

describe("bad files", () => {
  const whole = encodePth({ state_dict: new Map([["w", float32Tensor([2, 3], [1, 2, 3, 4, 5, 6])]]), lr: pyFloat(1) });

  test.each([
    ["missing.pth", undefined, /there is no such file/],
    ["empty.pth", new Uint8Array(), /it is empty/],
    ["text.pth", new TextEncoder().encode("weights"), /another format/],
    ["legacy.pth", Uint8Array.of(0x80, 2, 0x8a, 10), /before 1\.6/],
    ["cut.pth", whole.subarray(0, 200), /the archive has no end/],
  ])("%s", async (name, content, expected) => {
    const path = join(folder, name);
    if (content) await writeFile(path, content);
    expect((await problem(() => readPth(path))).message).toMatch(expected);
  });

  test("a change of any byte gives the same values or a UserError, never another error", () => {
    const tensors = JSON.stringify([...stateDictOf(decodePth(whole, "f"), "f")]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
        const broken = cut ? whole.slice(0, at) : whole.slice();
        if (!cut) broken[at] = (broken[at] ?? 0) ^ flip;
        try {
          expect(JSON.stringify([...stateDictOf(decodePth(broken, "f"), "f")])).toBe(tensors);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("weights that do not fit are listed all at once", async () => {
    const given = new Map([
      ["conv.weight", float32Tensor([2], [1, 2])],
      ["fc.weigth", float32Tensor([1], [1])],
    ]);
    const expected = new Map([
      ["conv.weight", [3]],
      ["fc.weight", [1]],
      ["bn.num_batches_tracked", []],
    ]);
    const { message } = await problem(() => checkStateDict(given, expected, "net.pth"));
    expect(message).toBe(
      '"net.pth": expected the weights of this network but they do not fit: wrong shapes: "conv.weight" is [2] and not [3]; ' +
        'missing: "fc.weight"; unexpected: "fc.weigth" (for "fc.weight"?).',
    );
  });

  test("no tensors at all", async () => {
    expect((await problem(() => stateDictOf(new Map(), "net.pth"))).message).toMatch(/no named tensors/);
  });
});

describe("writing", () => {
  test("leaves nothing behind where it fails", async () => {
    const { message, hint } = await problem(() => writePth(join(folder, "no-such-folder", "x.pth"), {}));
    expect(message).toMatch(/x\.pth": expected to write this file but its folder does not exist\.$/);
    expect(hint).toMatch(/^Create the folder/);
    await problem(() => writePth(folder, {}));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
  test("replaces a file", async () => {
    const path = join(folder, "twice.pth");
    await writePth(path, [1]);
    await writePth(path, [2]);
    expect(decodePth(await readFile(path), path)).toEqual([2]);
  });
});

// sha256 of "a" + bytes of 1.0 + "b" + bytes of 2.0, by hashlib
test("the hash of weights does not depend on their order", () => {
  const a = float32Tensor([1], [1]);
  const b = float32Tensor([1], [2]);
  const hash = stateHash(new Map(Object.entries({ a, b })));
  expect(stateHash(new Map(Object.entries({ b, a })))).toBe(hash);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

test.skipIf(!process.env.OCELLI_DATA)("official ImageNet weights", async () => {
  const path = join(process.env.OCELLI_DATA ?? "", "weights", "squeezenet1_1-627df0e7.pth");
  const state = stateDictOf(await readPth(path), path);
  expect(state.size).toBe(52);
  expect(state.get("classifier.1.weight")?.shape).toEqual([1000, 512, 1, 1]);
  expect([...state.values()].every(isStateTensor)).toBe(true);
});
