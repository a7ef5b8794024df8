import { describe, expect, test } from "vitest";
import { defineProgram } from "../graph/program.ts";
import { constant, input, read, type Value, type Variable } from "../graph/value.ts";
import {
  add,
  batchNormTraining,
  dropout,
  linear,
  maxPool,
  maxPoolGradient,
  multiply,
  relu,
  scale,
} from "../ops/index.ts";
import { STANDARD } from "./emitter.ts";
import { encodeProgram, type LoweredProgram, lowerProgram } from "./lower.ts";
import { decodeModel } from "./model.ts";

const x = input("x", [2, 3]);
const weight: Variable = { name: "fc.weight", shape: [4, 3], dtype: "float32" };
const floats = (bytes: Uint8Array | undefined): number[] => [
  ...new Float32Array((bytes ?? new Uint8Array()).slice().buffer),
];

const lower = (
  outputs: Readonly<Record<string, Value>>,
  {
    updates = [],
    constants,
  }: { updates?: { variable: Variable; value: Value }[]; constants?: Map<string, Float32Array> } = {},
): LoweredProgram => lowerProgram(defineProgram({ name: "test", outputs, updates }), { target: STANDARD, constants });

const opTypes = ({ model }: LoweredProgram): string[] => model.nodes.map(({ opType }) => opType);

/** Every name that a node reads is there before it: an input, a constant or an earlier node's output. */
function expectSound({ model }: LoweredProgram): void {
  const there = new Set(["", ...[...model.inputs, ...model.initializers].map(({ name }) => name)]);
  for (const { inputs, outputs, name } of model.nodes) {
    expect(
      inputs.filter((operand) => !there.has(operand)),
      name,
    ).toEqual([]);
    for (const output of outputs) {
      expect(there.has(output), output).toBe(false);
      there.add(output);
    }
  }
  expect(model.outputs.filter(({ name }) => !there.has(name))).toEqual([]);
}

describe("names", () => {
  test("inputs, variables and outputs have those of the Program", () => {
    const lowered = lower({ logits: linear(x, read(weight), undefined) });
    expect(lowered.model.inputs).toEqual([
      { name: "x", kind: "float32", shape: [2, 3] },
      { name: "fc.weight", kind: "float32", shape: [4, 3] },
    ]);
    expect(lowered.model.outputs).toEqual([{ name: "logits", kind: "float32", shape: [2, 4] }]);
    expect(lowered.model.nodes).toMatchObject([{ opType: "Gemm", inputs: ["x", "fc.weight"], outputs: ["logits"] }]);
    expect([lowered.inputs, lowered.variables]).toEqual([["x"], ["fc.weight"]]);
    expectSound(lowered);
  });

  test("an update is an output of its own", () => {
    const lowered = lower({}, { updates: [{ variable: weight, value: scale(read(weight), { factor: 2 }) }] });
    const [name = ""] = lowered.updates.values();
    expect(lowered.updates).toEqual(new Map([["fc.weight", name]]));
    expect(lowered.model.outputs).toEqual([{ name, kind: "float32", shape: [4, 3] }]);
    expectSound(lowered);
  });

  test("one value under several names is computed once and copied", () => {
    const y = relu(x);
    const lowered = lower({ first: y, second: y, z: scale(y, { factor: 2 }) });
    expect(opTypes(lowered)).toEqual(["Relu", "Mul", "Identity"]);
    expect(lowered.model.nodes[1]?.inputs[0]).toBe("first");
    expect(lowered.model.nodes[2]).toMatchObject({ inputs: ["first"], outputs: ["second"] });
    expectSound(lowered);
  });

  test("inputs, variables and constants that are outputs are copied, under another name if theirs is taken", () => {
    const two = constant(Float32Array.of(2), [1]);
    const lowered = lower({ x, again: x, "fc.weight": read(weight), two });
    expect(lowered.outputs).toEqual(
      new Map([
        ["x", "output:x"],
        ["again", "again"],
        ["fc.weight", "output:fc.weight"],
        ["two", "two"],
      ]),
    );
    expect(opTypes(lowered)).toEqual(["Identity", "Identity", "Identity", "Identity"]);
    expectSound(lowered);
  });

  test("an update that is an output as well", () => {
    const next = scale(read(weight), { factor: 0.5 });
    const lowered = lower({ next }, { updates: [{ variable: weight, value: next }] });
    expect(opTypes(lowered)).toEqual(["Mul", "Identity"]);
    expectSound(lowered);
  });
});

describe("constants", () => {
  test("equal ones are one; integers stay integers", () => {
    const two = (): Value => constant(Float32Array.of(2, 2, 2), [3]);
    const lowered = lower({ y: add([multiply(x, two()), two()]) });
    expect(lowered.model.initializers).toHaveLength(1);
    expect(floats(lowered.model.initializers[0]?.bytes)).toEqual([2, 2, 2]);
    const integers = lower({ labels: constant(Int32Array.of(7), [1]) });
    expect(integers.model.initializers).toMatchObject([{ kind: "int32", shape: [1] }]);
    expect(integers.model.outputs).toMatchObject([{ kind: "int32" }]);
  });

  test("variables whose contents are given are constants, the others inputs", () => {
    const bias: Variable = { name: "fc.bias", shape: [4], dtype: "float32" };
    const constants = new Map([
      ["fc.weight", Float32Array.from({ length: 12 }, (_, index) => index)],
      ["another.weight", Float32Array.of(1)],
    ]);
    const lowered = lower({ y: linear(x, read(weight), read(bias)) }, { constants });
    expect(lowered.model.inputs.map(({ name }) => name)).toEqual(["x", "fc.bias"]);
    expect(lowered.variables).toEqual(["fc.bias"]);
    expect(lowered.model.initializers).toMatchObject([{ name: "fc.weight", kind: "float32", shape: [4, 3] }]);
    expect(floats(lowered.model.initializers[0]?.bytes)).toEqual(constants.get("fc.weight") && [...Array(12).keys()]);
  });
});

describe("only what a result needs is there", () => {
  const image = input("image", [1, 1, 4, 4]);

  test("a max pool without its places, unless its gradient reads them", () => {
    const [y, places] = maxPool(image);
    const forward = lower({ y });
    expect(forward.model.nodes).toMatchObject([{ opType: "MaxPool", outputs: ["y"] }]);
    const backward = lower({ dx: maxPoolGradient(image, y, places, input("dy", [1, 1, 2, 2])) });
    expect(opTypes(backward)).toEqual(["MaxPool", "MaxUnpool"]);
    expect(backward.model.nodes[0]?.outputs).toHaveLength(2);
    expectSound(backward);
  });

  test("nodes, constants and inputs that lead nowhere are left out", () => {
    const vector = (name: string): Value => input(name, [3]);
    const statistics = batchNormTraining(x, vector("weight"), vector("bias"), vector("mean"), vector("variance"));
    const lowered = lower({ newMean: statistics[3] });
    expect(lowered.inputs).toEqual(["x", "mean"]);
    expect(opTypes(lowered)).not.toContain("Sqrt");
    const read = new Set(lowered.model.nodes.flatMap(({ inputs }) => inputs));
    expect(lowered.model.initializers.filter(({ name }) => !read.has(name))).toEqual([]);
    expectSound(lowered);
  });

  test("a variable that is only written is no input", () => {
    const lowered = lower({}, { updates: [{ variable: weight, value: input("next", [4, 3]) }] });
    expect(lowered.inputs).toEqual(["next"]);
    expect(lowered.variables).toEqual([]);
    expectSound(lowered);
  });
});

test("dropout masks are inputs that the host makes", () => {
  const key = input("key", [4], "int32");
  const once = dropout(x, key, { rate: 0.25, layer: 0 });
  const lowered = lower({ y: dropout(once, key, { rate: 0.5, layer: 1 }) });
  expect(lowered.masks).toEqual([
    { name: "mask:0", key: "key", shape: [2, 3], rate: 0.25, layer: 0 },
    { name: "mask:1", key: "key", shape: [2, 3], rate: 0.5, layer: 1 },
  ]);
  expect(lowered.inputs).toEqual(["x"]); // the masks stand for the key
  expect(lowered.model.inputs.map(({ name }) => name)).toEqual(["x", "mask:0", "mask:1"]);
  expect(opTypes(lowered)).toEqual(["Mul", "Mul"]);
  expectSound(lowered);
});

test("a file has the Program's name and the metadata", () => {
  const program = defineProgram({ name: "forward pass", outputs: { y: relu(x) } });
  const metadata = { classes: '["ant","bee"]', model: "é" };
  expect(decodeModel(encodeProgram(program, { metadata }), "f.onnx")).toMatchObject({ name: "forward pass", metadata });
  expect(decodeModel(encodeProgram(program), "f.onnx").metadata).toEqual({});
});
