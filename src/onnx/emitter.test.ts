import { expect, test } from "vitest";
import { createEmission, float, STANDARD } from "./emitter.ts";

test("the same node asked for twice is added once", () => {
  const { emitter, nodes } = createEmission(STANDARD);
  const { emit } = emitter;
  const y = emit("Relu", ["x"]);
  expect(emit("Relu", ["x"])).toBe(y);
  const others = [
    emit("Relu", ["z"]),
    emit("Sigmoid", ["x"]),
    emit("Softmax", ["x"], { axis: 1 }),
    emit("Softmax", ["x"], { axis: 0 }),
    emitter.emitAll("Relu", ["x"], { domain: "other" })[0],
  ];
  expect(new Set([y, ...others]).size).toBe(6);
  expect(nodes.map(({ opType }) => opType)).toEqual(["Relu", "Relu", "Sigmoid", "Softmax", "Softmax", "Relu"]);
});

test("integers and floats are different attributes", () => {
  const { emitter, nodes } = createEmission(STANDARD);
  emitter.emit("Selu", ["x"], { alpha: 1 });
  emitter.emit("Selu", ["x"], { alpha: float(1) });
  expect(nodes.map(({ attributes }) => attributes.alpha)).toEqual([1, { float: 1 }]);
});

test("a node of several outputs gives a name for each, the same ones again", () => {
  const { emitter, nodes } = createEmission(STANDARD);
  const names = emitter.emitAll("MaxPool", ["x"], { outputs: 2 });
  expect(new Set(names).size).toBe(2);
  expect(emitter.emitAll("MaxPool", ["x"], { outputs: 2 })).toEqual(names);
  expect(nodes).toMatchObject([{ opType: "MaxPool", inputs: ["x"], outputs: names, domain: "" }]);
});

test("equal constants are one", () => {
  const { emitter, initializers } = createEmission(STANDARD);
  const name = emitter.floats([1, 2], [2]);
  expect(emitter.floats(Float32Array.of(1, 2), [2])).toBe(name);
  expect(emitter.number(3)).toBe(emitter.floats([3], []));
  expect(emitter.int64s([1, 2])).toBe(emitter.int64s([1, 2]));
  expect(initializers.map(({ kind, shape }) => [kind, shape])).toEqual([
    ["float32", [2]],
    ["float32", []],
    ["int64", [2]],
  ]);
});

test("constants of other types, shapes or bits are others", () => {
  const { emitter } = createEmission(STANDARD);
  const { floats, int32s, int64s, number } = emitter;
  const names = [
    floats([1, 2], [2]),
    floats([1, 2], [1, 2]),
    int32s([1, 2], [2]),
    int64s([1, 2]),
    ...[0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(number),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test("a large constant is known by its key, not by its content", () => {
  const { emitter, initializers } = createEmission(STANDARD);
  const name = emitter.int32s([5, 6], [2], "rows of x");
  expect(emitter.int32s([], [2], "rows of x")).toBe(name);
  expect(emitter.int32s([5, 6], [2], "rows of y")).not.toBe(name);
  expect(new Int32Array(initializers[0]?.bytes.slice().buffer ?? [])).toEqual(Int32Array.of(5, 6));
});
