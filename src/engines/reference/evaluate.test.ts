import { expect, test } from "vitest";
import type { HostTensor } from "../../graph/define-op.ts";
import { defineProgram } from "../../graph/program.ts";
import { constant, input, read } from "../../graph/value.ts";
import { add, batchNormTraining, multiply, scale } from "../../ops/index.ts";
import { evaluateProgram } from "./evaluate.ts";

const tensor = (...data: number[]): HostTensor => ({ shape: [data.length], data: Float64Array.from(data) });
const x = input("x", [2]);
const weight = { name: "weight", shape: [2], dtype: "float32" } as const;

test("gives outputs and updates; the updates read the old content", () => {
  const product = multiply(x, read(weight));
  const doubled = scale(read(weight), { factor: 2 });
  const program = defineProgram({
    name: "product",
    outputs: { product, sum: add([product, constant(Float32Array.of(1, 2), [2])]) },
    updates: [{ variable: weight, value: doubled }],
  });
  const variables = new Map([["weight", tensor(3, 4)]]);
  const { outputs, updates } = evaluateProgram(program, { x: tensor(10, 100) }, variables);
  expect([...(outputs.product?.data ?? [])]).toEqual([30, 400]);
  expect([...(outputs.sum?.data ?? [])]).toEqual([31, 402]);
  expect([...(updates.get("weight")?.data ?? [])]).toEqual([6, 8]);
  expect([...(variables.get("weight")?.data ?? [])]).toEqual([3, 4]);
});

test("an input, a variable and a constant may be outputs themselves", () => {
  const outputs = { x, weight: read(weight), constant: constant(Int32Array.of(7), [1]) };
  const program = defineProgram({ name: "identity", outputs });
  const result = evaluateProgram(program, { x: tensor(1, 2) }, new Map([["weight", tensor(3, 4)]]));
  expect(result.outputs).toEqual({
    x: tensor(1, 2),
    weight: tensor(3, 4),
    constant: { shape: [1], data: Int32Array.of(7) },
  });
});

test("outputs of a node that nobody reads do not matter", () => {
  const image = input("image", [2, 2]);
  const [, , , newMean] = batchNormTraining(image, read(weight), x, x, x);
  const program = defineProgram({ name: "mean", outputs: { newMean } });
  const feeds = { x: tensor(0, 0), image: { shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) } };
  const { outputs } = evaluateProgram(program, feeds, new Map([["weight", tensor(1, 1)]]));
  expect(outputs.newMean?.data ?? []).toBeAllclose([0.2, 0.3]);
});

test.each([
  ["a missing input", {}, 'input "x" is missing'],
  ["an input of another shape", { x: tensor(1, 2, 3) }, 'input "x" must have shape [2], got [3]'],
  ["a missing variable", { x: tensor(1, 2) }, 'variable "weight" is missing'],
])("%s is an error", (_, feeds: Record<string, HostTensor>, message) => {
  const program = defineProgram({ name: "product", outputs: { product: multiply(x, read(weight)) } });
  expect(() => evaluateProgram(program, feeds, new Map())).toThrow(message);
});
