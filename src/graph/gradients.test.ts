import { describe, expect, test } from "vitest";
import { defineOp, float32 } from "./define-op.ts";
import { gradientsOf } from "./gradients.ts";
import { defineProgram } from "./program.ts";
import { input, type Node, read, type Value } from "./value.ts";

/** Ops of this file alone; they are only built, never run. */
const total = defineOp({
  name: "testTotal",
  inputs: ["...xs"],
  outputs: ["y"],
  shape: ([x]) => [float32(x.shape)],
  gradient: ({ inputs, gradOutputs: [dy] }) => inputs.map(() => dy),
  reference: ([x]) => [x],
});
const product = defineOp({
  name: "testProduct",
  inputs: ["a", "b"],
  outputs: ["y", "extra"],
  shape: ([a]) => [float32(a.shape), float32(a.shape)],
  gradient: ({ inputs: [a, b], gradOutputs: [dy] }): Value[] => [product(dy, b)[0], product(a, dy)[0]],
  reference: ([a]) => [a, a],
});
const opaqueOp = defineOp({
  name: "testNoGradient",
  inputs: ["x"],
  outputs: ["y"],
  shape: ([x]) => [float32(x.shape)],
  reference: ([x]) => [x],
});
const wrongRule = defineOp({
  name: "testWrongRule",
  inputs: ["x"],
  outputs: ["y"],
  shape: () => [float32([])],
  gradient: ({ gradOutputs: [dy] }) => [dy],
  reference: ([x]) => [x],
});

const times = (a: Value, b: Value): Value => product(a, b)[0];
const nodesOf = (outputs: readonly Value[]): readonly Node[] =>
  defineProgram({ name: "test", outputs: Object.fromEntries(outputs.map((value, index) => [index, value])) }).nodes;
const countOf = (op: string, outputs: readonly Value[]): number =>
  nodesOf(outputs).filter((node) => node.op === op).length;

const [a, b, c] = ["a", "b", "c"].map((name) => input(name, [])) as [Value, Value, Value];
const node = (value: Value | undefined): Node => {
  if (value?.source.kind !== "node") throw new Error("not a node");
  return value.source.node;
};

describe("gradientsOf", () => {
  test("the gradient of the loss itself is 1", () => {
    const [gradient] = gradientsOf(a, [a], total);
    expect(gradient?.source).toMatchObject({ kind: "constant", data: Float32Array.of(1) });
  });

  test("a value used once takes its one incoming gradient as it is", () => {
    const [gradient] = gradientsOf(times(a, b), [a], total);
    expect(node(gradient).op).toBe("testProduct");
    expect(node(gradient).inputs[1]).toBe(b);
  });

  test("a value used several times gets one sum of all incoming gradients", () => {
    const loss = total([times(a, b), times(a, c), a]);
    const [gradient] = gradientsOf(loss, [a], total);
    expect(node(gradient).op).toBe("testTotal");
    expect(node(gradient).inputs).toHaveLength(3);
  });

  test("a value used twice by one node counts twice", () => {
    const [gradient] = gradientsOf(times(a, a), [a], total);
    expect(node(gradient).inputs).toHaveLength(2);
  });

  test("the gradients that lead to one value are summed before they go on", () => {
    const shared = times(a, b);
    const [gradient] = gradientsOf(total([times(shared, c), times(shared, b)]), [a], total);
    // forward 3 products, then one each for the two uses of `shared` and one for a
    expect(countOf("testProduct", [gradient as Value])).toBe(3);
  });

  test("no work for what needs none", () => {
    const frozen = opaqueOp(times(a, a)); // before the target: not differentiable, and it need not be
    const [gradient] = gradientsOf(times(frozen, b), [b], total);
    expect(nodesOf([gradient as Value]).map(({ op }) => op)).toEqual(["testProduct", "testNoGradient", "testProduct"]);
  });

  test("several targets share the walk", () => {
    const gradients = gradientsOf(times(times(a, b), c), [a, b, c], total);
    expect(gradients).toHaveLength(3);
    expect(node(gradients[0]).inputs[0]).toBe(node(gradients[1]).inputs[1]); // dy of the inner product
  });

  test("a chain of 10,000 nodes overflows no stack", () => {
    let loss = a;
    for (let i = 0; i < 10_000; i++) loss = times(loss, b);
    const gradients = gradientsOf(loss, [a], total);
    expect(countOf("testProduct", gradients)).toBe(10_000);
  });

  test.each<[string, () => unknown, string]>([
    [
      "a loss that is no scalar",
      () => gradientsOf(input("x", [2, 3]), [], total),
      "must be a scalar, got shape [2, 3]",
    ],
    ["an op without gradient", () => gradientsOf(opaqueOp(a), [a], total), 'op "testNoGradient" has no gradient'],
    ["a target out of reach", () => gradientsOf(a, [a, b], total), "does not depend on target number 1"],
    [
      "a variable out of reach",
      () => gradientsOf(a, [read({ name: "fc.bias", shape: [], dtype: "float32" })], total),
      'does not depend on target "fc.bias"',
    ],
    ["a second output", () => gradientsOf(product(a, b)[1], [a], total), "only its first output is differentiable"],
  ])("%s is an error", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("a rule that gives another shape than the operand's is an error", () => {
    const x = input("x", [2]);
    const message = 'op "testWrongRule": the gradient of operand 0 [2] has shape []';
    expect(() => gradientsOf(wrongRule(x), [x], total)).toThrow(message);
  });
});
