import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import {
  decodeOptimizerState,
  decodePth,
  encodePth,
  float32Tensor,
  int64Scalar,
  type PthInput,
  pyFloat,
  readPth,
  stateDictOf,
  toFloat32,
  writePth,
} from "../index.ts";

const golden = (name: string): string => new URL(`../../../tools/golden/checkpoint/${name}`, import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "ocelli-pth-"));
afterAll(() => rm(folder, { recursive: true }));

async function problem(action: () => unknown): Promise<UserError> {
  const error = await Promise.resolve()
    .then(action)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

// what checkpoint.py and checkpoint-forms.py save
const OLD = {
  plain: ["float32", [3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  transposed: ["float32", [4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
  view: ["float32", [2, 2], [4, 6, 8, 10]],
  row: ["float32", [4], [8, 9, 10, 11]],
  expanded: ["float32", [2, 2], [3, 3, 3, 3]],
  scalar: ["float32", [], [2.5]],
  empty: ["float32", [0, 3], []],
  half: ["float16", [4], [1.5, -2, 65504, 2 ** -24]],
  double: ["float64", [1], [Math.fround(0.1)]],
  long: ["int64", [2], [-5, 2 ** 40]],
  byte: ["uint8", [2], [0, 255]],
};
const ALL = {
  ...OLD,
  brain: ["bfloat16", [2], [1.5, -3]],
  flag: ["bool", [2], [1, 0]],
  parameter: ["float32", [1], [7]],
};

// files by torch 2.13; remake them with tools/golden/checkpoint.py and checkpoint-forms.py
describe("files of PyTorch", () => {
  test.each([
    ["forms-zip-protocol3.pth", ALL],
    ["forms-zip-protocol4.pth", ALL],
    ["forms-zip-protocol5.pth", ALL],
    ["forms-pickle.pth", ALL],
    ["forms-pickle-views.pth", OLD],
    ["forms-tar.pth", OLD],
    ["forms-tar-extended.pth", OLD],
  ])("every tensor of %s", async (name, expected) => {
    const state = stateDictOf(await readPth(golden(name)), name);
    const found = Array.from(state, ([key, tensor]) => [key, [tensor.dtype, tensor.shape, [...toFloat32(tensor)]]]);
    expect(Object.fromEntries(found)).toEqual(expected);
    expect([...state.keys()]).toEqual(Object.keys(expected));
  });

  test.each(["forms-zip-protocol4.pth", "forms-pickle.pth", "forms-tar.pth"])("%s shares storages", async (name) => {
    const state = stateDictOf(await readPth(golden(name)), name);
    expect(state.get("row")?.data.buffer).toBe(state.get("plain")?.data.buffer);
  });

  test("a checkpoint: weights without the prefix of DataParallel, numbers, lists, the optimizer", async () => {
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

  test.each(["evil.pth", "forms-pickle-evil.pth"])("%s, which asks for code, is refused by name", async (name) => {
    const { message, hint } = await problem(() => readPth(golden(name)));
    expect(message).toContain(`${name}": expected tensors and plain data but it asks to run "posix.system".`);
    expect(hint).toMatch(/^Do not use a file from a source that you do not trust/);
  });

  test.each(["forms-pickle-big-endian.pth", "forms-tar-big-endian.pth"])("%s is refused", async (name) => {
    const { message } = await problem(() => readPth(golden(name)));
    expect(message).toContain(`${name}": expected a .pth file but its byte order is "big" and not "little".`);
  });
});

describe("what is written is read", () => {
  test("all kinds of values", () => {
    const value = {
      text: "é",
      long: "x".repeat(300_000),
      int: 3,
      big: 2 ** 40,
      negative: -5,
      float: 0.1,
      none: null,
      list: [1, true, []],
    };
    expect(Object.fromEntries(decodePth(encodePth(value), "f") as Map<string, unknown>)).toEqual(value);
  });

  test("tensors begin at multiples of 64 bytes", () => {
    const bytes = encodePth([float32Tensor([1], [1234.5]), int64Scalar(7)]);
    const found = Buffer.from(bytes).indexOf(Buffer.from(Float32Array.of(1234.5).buffer));
    expect(found % 64).toBe(0);
    expect(decodePth(bytes, "f")).toEqual([float32Tensor([1], [1234.5]), int64Scalar(7)]);
  });

  test("a view is written without the rest of its memory", () => {
    const view = float32Tensor([2], Float32Array.of(1, 2, 3, 4).subarray(1, 3));
    expect(decodePth(encodePth([view]), "f")).toEqual([float32Tensor([2], [2, 3])]);
  });

  test("a file in pieces is the same as the bytes", async () => {
    const value: PthInput = { state_dict: new Map([["w", float32Tensor([2], [1, 2])]]), lr: pyFloat(1) };
    const path = join(folder, "pieces.pth");
    await writePth(path, value);
    expect(new Uint8Array(await readFile(path))).toEqual(encodePth(value));
  });

  test("nothing is left behind where it fails", async () => {
    const { message, hint } = await problem(() => writePth(join(folder, "no-such-folder", "x.pth"), {}));
    expect(message).toMatch(/x\.pth": expected to write this file but its folder does not exist\.$/);
    expect(hint).toMatch(/^Create the folder/);
    await problem(() => writePth(folder, {}));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a file is replaced", async () => {
    const path = join(folder, "twice.pth");
    await writePth(path, [1]);
    await writePth(path, [2]);
    expect(await readPth(path)).toEqual([2]);
  });
});

describe("bad files", () => {
  const whole = encodePth({ w: float32Tensor([2, 3], [1, 2, 3, 4, 5, 6]) });
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);

  test.each([
    ["missing.pth", undefined, /there is no such file/],
    ["empty.pth", new Uint8Array(), /it is empty/],
    ["text.pth", text("weights"), /another format/],
    ["page.pth", text("<!DOCTYPE html><html>"), /it is a web page/],
    ["pointer.pth", text("version https://git-lfs.github.com/spec/v1"), /Git LFS/],
    ["pickle.pth", Uint8Array.of(0x80, 2, 0x4b, 1, 0x2e), /a pickle that torch\.save did not write/],
    ["cut.pth", whole.subarray(0, 200), /the archive has no end/],
  ])("%s", async (name, content, expected) => {
    const path = join(folder, name);
    if (content) await writeFile(path, content);
    expect((await problem(() => readPth(path))).message).toMatch(expected);
  });

  test("a folder", async () => {
    expect((await problem(() => readPth(folder))).message).toMatch(/it is a folder\.$/);
  });
});
