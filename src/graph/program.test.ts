import { expect, test } from "vitest";
import { defineOp, float32 } from "./define-op.ts";
import { defineProgram, inputName } from "./program.ts";
import { constant, input, read, scalar, type Value } from "./value.ts";

const join = defineOp({
  name: "testProgramJoin",
  inputs: ["...xs"],
  outputs: ["y"],
  defaults: { label: "" },
  shape: ([x]) => [float32(x.shape)],
  reference: ([x]) => [x],
});
const named = (label: string, ...xs: [Value, ...Value[]]): Value => join(xs, { label });
const x = input("x", [2]);
const y = input("y", [2]);
const weight = { name: "weight", shape: [2], dtype: "float32" } as const;
const labelsOf = (outputs: Record<string, Value>): unknown[] =>
  defineProgram({ name: "test", outputs }).nodes.map((node) => node.attributes.label);

test("nodes come after those they read, each once", () => {
  const a = named("a", x);
  const b = named("b", a, y);
  const c = named("c", b, a);
  expect(labelsOf({ c, b })).toEqual(["a", "b", "c"]);
  expect(labelsOf({ last: named("d", named("e", a), c, a) })).toEqual(["a", "e", "b", "c", "d"]);
});

test("only what outputs and updates need is part of it", () => {
  const used = named("used", x);
  named("unused", used, y);
  const program = defineProgram({
    name: "test",
    outputs: { used },
    updates: [{ variable: weight, value: named("update", read(weight)) }],
  });
  expect(program.nodes.map((node) => node.attributes.label)).toEqual(["used", "update"]);
  expect(program.inputs.map(inputName)).toEqual(["x"]);
  expect(program.variables).toEqual([weight]);
});

test("inputs and variables are listed once, in order of first use; a variable that is only written is listed", () => {
  const written = { name: "written", shape: [2], dtype: "float32" } as const;
  const value = named("a", y, read(weight), x, input("y", [2]), read(weight));
  const program = defineProgram({ name: "test", outputs: { value }, updates: [{ variable: written, value }] });
  expect(program.inputs.map(inputName)).toEqual(["y", "x"]);
  expect(program.variables.map(({ name }) => name)).toEqual(["weight", "written"]);
});

test("a chain of 10,000 nodes overflows no stack", () => {
  let value: Value = x;
  for (let i = 0; i < 10_000; i++) value = named(String(i), value, value);
  const labels = labelsOf({ value });
  expect(labels).toHaveLength(10_000);
  expect(labels.slice(0, 3)).toEqual(["0", "1", "2"]);
});

test("an update must have the variable's type", () => {
  const updates = [{ variable: weight, value: input("z", [3]) }];
  expect(() => defineProgram({ name: "step", outputs: {}, updates })).toThrow(
    'program "step": variable "weight" [2] cannot take a value of type [3]',
  );
  const integers = [{ variable: weight, value: input("z", [2], "int32") }];
  expect(() => defineProgram({ name: "step", outputs: {}, updates: integers })).toThrow("[2] int32");
});

test("one name is one input and one variable", () => {
  expect(() => defineProgram({ name: "test", outputs: { a: x, b: input("x", [3]) } })).toThrow(
    'input "x" is used with types [2] and [3]',
  );
  const other = read({ ...weight, shape: [5] });
  expect(() => defineProgram({ name: "test", outputs: { a: read(weight), other } })).toThrow(
    'variable "weight" is used with types [2] and [5]',
  );
});

test("constants know their type and size", () => {
  expect(scalar(2)).toMatchObject({ shape: [], dtype: "float32" });
  expect(constant(Int32Array.of(1, 2), [2]).dtype).toBe("int32");
  expect(() => constant(Float32Array.of(1, 2), [3])).toThrow("constant: shape [3] needs 3 elements, got 2");
  expect(() => inputName(scalar(1))).toThrow("the value is not an input");
});
