import { expect, test } from "vitest";
import { toFloat16, toFloat32 } from "../checkpoint/index.ts";
import { smallModel } from "../testing/small-models.ts";
import { halveWeights } from "./half.ts";
import { imageModel } from "./image-model.ts";

const half = (value: number): number =>
  toFloat32({ dtype: "float16", shape: [1], data: toFloat16(Float32Array.of(value)) })[0] ?? Number.NaN;

test("every float16 becomes its own bits", () => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, index) => index).filter((each) => (each & 0x7c00) !== 0x7c00);
  expect(toFloat16(toFloat32({ dtype: "float16", shape: [bits.length], data: bits }))).toEqual(bits);
});

test("numbers between are rounded to the nearest, halves to even, and large ones to the largest", () => {
  const step = 2 ** -10; // of numbers in 1..2
  expect(half(1 + 0.4 * step)).toBe(1);
  expect(half(1 + 0.5 * step)).toBe(1);
  expect(half(1 + 1.5 * step)).toBe(1 + 2 * step);
  expect(half(2 - 0.25 * step)).toBe(2);
  expect(half(-1e6)).toBe(-65504);
  expect(half(2 ** -26)).toBe(0);
  expect(half(Number.NaN)).toBeNaN();
});

test("weights are halved under their names, what is small stays", () => {
  const graph = imageModel(smallModel("resnet18"));
  const halved = halveWeights(graph);
  const kinds = new Map(halved.initializers.map(({ name, kind }) => [name, kind]));
  expect(kinds.get("layer1.0.conv1.weight")).toBe("float16");
  expect(kinds.get("layer1.0.bn1.weight")).toBe("float32");
  expect(kinds.get("constant_mean")).toBe("float32");
  const bytes = (model: typeof graph): number =>
    model.initializers.reduce((sum, record) => sum + record.bytes.length, 0);
  expect(bytes(halved) / bytes(graph)).toBeLessThan(0.51);
});
