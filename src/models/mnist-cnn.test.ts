import { expect, test } from "vitest";
import { input, type Value } from "../graph/value.ts";
import { parameterCount, tensorsOf, trace } from "../nn/index.ts";
import { countMacs } from "./costs.ts";
import { mnistCnn } from "./mnist-cnn.ts";

test("names and shapes are those of the same network as an nn.Module with Sequential blocks", () => {
  expect(tensorsOf(mnistCnn()).map(({ name, role, spec }) => [name, role, spec.shape])).toEqual([
    ["conv1.0.weight", "parameter", [16, 1, 5, 5]],
    ["conv1.0.bias", "parameter", [16]],
    ["conv2.0.weight", "parameter", [32, 16, 5, 5]],
    ["conv2.0.bias", "parameter", [32]],
    ["out.weight", "parameter", [10, 1568]],
    ["out.bias", "parameter", [10]],
  ]);
});

test("it has 28,938 parameters for ten classes, 1,569 fewer for each less", () => {
  expect(parameterCount(mnistCnn())).toBe(28_938);
  expect(parameterCount(mnistCnn({ classes: 2 }))).toBe(28_938 - 8 * 1569);
});

test("each block halves the image", () => {
  const sizes: number[][] = [];
  const images = input("images", [5, 1, 28, 28]);
  let value: Value | undefined = trace(mnistCnn(), images, { training: true }).output;
  while (value?.source.kind === "node") {
    sizes.unshift([...value.shape]);
    value = value.source.node.inputs[0];
  }
  expect(sizes).toEqual([
    [5, 16, 28, 28],
    [5, 16, 14, 14],
    [5, 16, 14, 14],
    [5, 32, 14, 14],
    [5, 32, 7, 7],
    [5, 32, 7, 7],
    [5, 1568],
    [5, 10],
  ]);
});

test("multiply-accumulates of one image: outputs times kernel", () => {
  const [conv1, conv2, out] = [16 * 28 * 28 * 25, 32 * 14 * 14 * 16 * 25, 10 * 1568];
  expect(countMacs(mnistCnn(), [1, 28, 28])).toBe(conv1 + conv2 + out);
});

test("an image of another size does not fit, and the layer says so", () => {
  const call = () => trace(mnistCnn(), input("images", [2, 1, 32, 32]), { training: false });
  expect(call).toThrow('layer "out": linear: weight must have 2048 columns; got x [2, 2048], weight [10, 1568]');
});
