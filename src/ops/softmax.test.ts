import { expect, test } from "vitest";
import { float32, type HostTensor } from "../graph/define-op.ts";
import { softmaxCrossEntropy } from "./softmax.ts";

const logits: HostTensor = { shape: [2, 3], data: Float64Array.of(1, 2, Number.NEGATIVE_INFINITY, 0, 0, 0) };
const lossFor = (...labels: number[]): number | undefined => {
  const operands = [logits, { shape: [2], data: Int32Array.from(labels) }, undefined] as const;
  const [loss] = softmaxCrossEntropy.reference(operands, { labelSmoothing: 0 }, [float32([]), float32([2, 3])]);
  return loss.data[0];
};

test("a class that cannot be does not make the loss infinite unless it is the label", () => {
  expect(lossFor(1, 0)).toBeCloseTo((Math.log1p(Math.exp(-1)) + Math.log(3)) / 2, 12);
  expect(lossFor(2, 0)).toBe(Number.POSITIVE_INFINITY);
});

test.each([[-1], [3]])("label %i is an error that names it and its sample", (label) => {
  expect(() => lossFor(0, label)).toThrow(`label ${label} of sample 1 is outside 0..2`);
});
