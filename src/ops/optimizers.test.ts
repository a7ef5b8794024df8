import { expect, test } from "vitest";
import { float32, type HostTensor } from "../graph/define-op.ts";
import { adamStep, sgdStep } from "./optimizers.ts";

const scalar = (value: number): HostTensor => ({ shape: [], data: Float64Array.of(value) });
const type = float32([]);

test("three steps of SGD with momentum", () => {
  // p = 1, gradient 2, learning rate 0.1, momentum 0.9: buffers 2, 3.8, 5.42
  const path: number[] = [];
  let [parameter, buffer] = [scalar(1), scalar(0)];
  for (let step = 0; step < 3; step++) {
    const operands = [parameter, scalar(2), buffer, scalar(0.1), scalar(1)] as const;
    [parameter, buffer] = sgdStep.reference(operands, { ...sgdStep.defaults, momentum: 0.9 }, [type, type]);
    path.push(parameter.data[0] ?? 0);
  }
  expect(path).toBeAllclose([0.8, 0.42, -0.122]);
});

test("three steps of Adam on p²", () => {
  // torch 2.13: Adam(lr=0.1) from p = 1
  const path: number[] = [];
  let [parameter, first, second] = [scalar(1), scalar(0), scalar(0)];
  for (let t = 1; t <= 3; t++) {
    const gradient = scalar(2 * (parameter.data[0] ?? 0));
    const corrections = [scalar(1 - 0.9 ** t), scalar(Math.sqrt(1 - 0.999 ** t))] as const;
    const operands = [parameter, gradient, first, second, scalar(0.1), ...corrections] as const;
    [parameter, first, second] = adamStep.reference(operands, adamStep.defaults, [type, type, type]);
    path.push(parameter.data[0] ?? 0);
  }
  expect(path).toBeAllclose([0.9, 0.8004122, 0.7015863], { atol: 1e-7 });
});
