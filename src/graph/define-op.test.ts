import { expect, test } from "vitest";
import { defineOp, dims2, dims4, float32, recordOf, ShapeError, shapeError } from "./define-op.ts";
import { input } from "./value.ts";

const shifted = defineOp({
  name: "testShifted",
  inputs: ["x", "offset?"],
  outputs: ["y"],
  defaults: { by: 1, times: 2 },
  shape: ([x]) => [float32(x.shape)],
  reference: ([x]) => [x],
});
const joined = defineOp({
  name: "testJoined",
  inputs: ["...xs"],
  outputs: ["y", "count"],
  shape: (xs) => [float32([xs.length]), float32([])],
  reference: ([x]) => [x, x],
});
const counted = defineOp({
  name: "testCounted",
  inputs: ["labels"],
  outputs: ["y"],
  dtypes: { labels: "int32" },
  shape: () => [float32([])],
  reference: ([labels]) => [labels],
});
const x = input("x", [2, 3]);

test("an op makes a node: operands first, then the attributes that differ from the defaults", () => {
  const y = shifted(x, undefined, { times: 5 });
  expect(y).toMatchObject({ shape: [2, 3], dtype: "float32", source: { kind: "node", index: 0 } });
  expect(y.source.kind === "node" && y.source.node).toMatchObject({
    op: "testShifted",
    attributes: { by: 1, times: 5 },
    inputs: [x, undefined],
  });
});

test("several outputs come as a tuple; a variadic op takes a list", () => {
  const [y, count] = joined([x, x, x]);
  expect(y.shape).toEqual([3]);
  expect(count.source).toMatchObject({ kind: "node", index: 1 });
  expect(y.source.kind === "node" && y.source.node.outputs).toEqual([y, count]);
});

test("the op is its record, found by name", () => {
  expect(shifted.name).toBe("testShifted");
  expect(recordOf("testShifted")).toBe(shifted);
  expect(shifted.defaults).toEqual({ by: 1, times: 2 });
  expect(() => recordOf("testNothing")).toThrow('no op is named "testNothing"');
});

test("a name is taken once", () => {
  const again = () =>
    defineOp({ name: "testShifted", inputs: ["x"], outputs: ["y"], shape: () => [x], reference: ([y]) => [y] });
  expect(again).toThrow('op "testShifted" is defined twice');
});

test("a missing operand is an error, an optional one is not", () => {
  const untyped = (op: unknown) => op as (...args: unknown[]) => unknown;
  expect(() => untyped(shifted)(undefined, x)).toThrow('testShifted: operand "x" is missing');
  expect(() => untyped(joined)([])).toThrow('testJoined: operand "xs" is missing');
  expect(() => untyped(joined)([x, undefined])).toThrow('testJoined: operand "xs" is missing');
  expect(shifted(x, undefined).shape).toEqual([2, 3]);
});

test("operands have the element type that the record says", () => {
  expect(() => counted(x)).toThrow(new ShapeError("testCounted: labels must be int32, not float32; got labels [2, 3]"));
  const labels = input("labels", [4], "int32");
  expect(counted(labels).shape).toEqual([]);
  expect(() => joined([x, labels])).toThrow("testJoined: xs must be float32, not int32; got xs [4] int32");
});

test("a shape error names op, rule, and the operands that are present with their shapes", () => {
  const labels = input("labels", [4], "int32");
  const error = shapeError("conv2d", "weight must have 3 input channels", { x, labels, bias: undefined });
  expect(error.message).toBe("conv2d: weight must have 3 input channels; got x [2, 3], labels [4] int32");
});

test("dims2 and dims4 give the sizes or name the operand", () => {
  expect(dims2(x, "linear", "x")).toEqual([2, 3]);
  expect(() => dims4(x, "conv2d", "x")).toThrow("conv2d: x must have 4 dimensions; got x [2, 3]");
  expect(() => dims2(input("x", [3]), "linear", "weight")).toThrow("linear: weight must have 2 dimensions");
});
