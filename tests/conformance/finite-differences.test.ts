import { expect, test } from "vitest";
import { evaluateProgram } from "../../src/engines/reference/evaluate.ts";
import type { HostTensor } from "../../src/graph/define-op.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram } from "../../src/graph/program.ts";
import { type Attributes, input, type Shape, sizeOf, type Value } from "../../src/graph/value.ts";
import { add, type OpName, ops } from "../../src/ops/index.ts";
import { permutation, rngFor } from "../../src/rng.ts";
import { applyByName, weightedSum } from "./cases.ts";

/** An operand whose gradient is checked (or not: `fixed`). */
interface Operand extends HostTensor {
  readonly fixed?: boolean;
}

interface SweepCase {
  readonly operands: readonly (Operand | undefined)[];
  readonly attributes?: Attributes;
}

const rng = rngFor(0, "finite differences");
const floats = (shape: Shape, value: (index: number) => number): Operand => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, (_, index) => value(index)),
});
const normal = (...shape: Shape): Operand => floats(shape, () => rng.normal());
const positive = (...shape: Shape): Operand => floats(shape, () => rng.uniform(0.5, 1.5));
const fixed = (operand: Operand): Operand => ({ ...operand, fixed: true });
const labels = (...data: number[]): Operand => ({ shape: [data.length], data: Int32Array.from(data), fixed: true });
/** Distinct numbers, far apart: a step of a difference never changes which of them is the largest. */
const distinct = (...shape: Shape): Operand => {
  const order = permutation(sizeOf(shape), rng);
  return floats(shape, (index) => ((order[index] ?? 0) - order.length / 2) * 0.1);
};
/** Numbers on all sides of the kinks at −3, 0, 3 and 6, none near one. */
const betweenKinks = [
  { operands: [floats([11], (index) => [-7, -4, -2.5, -1, -0.1, 0.1, 1, 2.5, 4, 5.5, 8][index] ?? 0)] },
];

const batchNorm = (...shape: Shape): SweepCase => {
  const c = shape[1] ?? 1;
  return { operands: [normal(...shape), normal(c), normal(c), fixed(normal(c)), fixed(positive(c))] };
};
const window = { kernel: [3, 2], stride: [2, 1], padding: [1, 1] };
const broadcasts: SweepCase[] = [
  { operands: [normal(2, 3), normal(2, 3)] },
  { operands: [normal(2, 3, 1, 2), normal(3, 2, 1)] },
  { operands: [normal(2, 1), normal()] },
];
const classified = [undefined, fixed(positive(4))].map((weights) => ({
  operands: [normal(3, 4), labels(2, 0, 2), weights],
}));

/** Small operands for every op that has a gradient. */
const SWEEP: Partial<Record<OpName, readonly SweepCase[]>> = {
  conv2d: [
    { operands: [normal(2, 2, 4, 5), normal(3, 2, 3, 2), normal(3)], attributes: { padding: [1, 0], stride: [2, 1] } },
    { operands: [normal(1, 4, 5, 5), normal(4, 2, 2, 2), undefined], attributes: { groups: 2, dilation: [2, 1] } },
    { operands: [normal(1, 3, 4, 4), normal(3, 1, 3, 3), undefined], attributes: { groups: 3, padding: [1, 1] } },
  ],
  linear: [
    { operands: [normal(3, 4), normal(2, 4), normal(2)] },
    { operands: [normal(2, 3), normal(2, 3), undefined] },
  ],
  matmul: [
    { operands: [normal(2, 3), normal(3, 4)] },
    { operands: [normal(3, 2), normal(3, 4)], attributes: { transposeA: true } },
    { operands: [normal(2, 3), normal(4, 3)], attributes: { transposeB: true } },
    { operands: [normal(3, 2), normal(4, 3)], attributes: { transposeA: true, transposeB: true } },
  ],
  relu: betweenKinks,
  relu6: betweenKinks,
  sigmoid: betweenKinks,
  silu: betweenKinks,
  hardSwish: betweenKinks,
  hardSigmoid: betweenKinks,
  batchNormTraining: [batchNorm(2, 3, 2, 2), batchNorm(5, 2)],
  batchNormInference: [batchNorm(2, 3, 2, 2), batchNorm(4, 2)],
  maxPool: [
    { operands: [distinct(1, 2, 4, 4)] },
    { operands: [distinct(1, 1, 6, 5)], attributes: { ...window, ceilMode: true } },
    { operands: [distinct(1, 1, 7, 5)], attributes: { ...window, dilation: [2, 2] } },
  ],
  averagePool: [false, true].flatMap((ceilMode) =>
    [false, true].map((countIncludePad) => ({
      operands: [normal(1, 2, 6, 5)],
      attributes: { ...window, ceilMode, countIncludePad },
    })),
  ),
  adaptiveAveragePool: [
    { operands: [normal(2, 1, 7, 5)], attributes: { outputSize: [3, 2] } },
    { operands: [normal(1, 2, 2, 3)], attributes: { outputSize: [3, 5] } },
  ],
  reshape: [{ operands: [normal(2, 6)], attributes: { shape: [3, -1] } }],
  transpose: [{ operands: [normal(2, 3, 4)], attributes: { permutation: [1, 2, 0] } }],
  concat: [{ operands: [normal(2, 1, 2), normal(2, 3, 2), normal(2, 2, 2)], attributes: { axis: 1 } }],
  slice: [{ operands: [normal(2, 4, 2)], attributes: { axis: 1, start: 1, end: 3 } }],
  pad: [{ operands: [normal(2, 2, 2)], attributes: { axis: 2, before: 1, after: 2 } }],
  add: [...broadcasts, { operands: [normal(2, 3), normal(3), normal(2, 1)] }],
  multiply: broadcasts,
  subtract: broadcasts,
  scale: [{ operands: [normal(2, 3)], attributes: { factor: -0.7 } }],
  sum: [
    { operands: [normal(2, 3, 2)], attributes: { axes: [0, 2] } },
    { operands: [normal(2, 3)], attributes: { axes: [1], keepDims: true } },
  ],
  mean: [
    { operands: [normal(2, 3, 2)], attributes: { axes: [2, 0] } },
    { operands: [normal(2, 3)], attributes: { axes: [0], keepDims: true } },
  ],
  broadcastTo: [{ operands: [normal(3, 1)], attributes: { shape: [2, 3, 4] } }],
  channelAffine: [
    { operands: [normal(2, 3, 2, 2), normal(3), normal(3)] },
    { operands: [normal(4, 2), normal(2), normal(2)] },
  ],
  softmax: [{ operands: [normal(2, 4)] }],
  logSoftmax: [{ operands: [normal(2, 4)] }],
  softmaxCrossEntropy: [
    ...classified,
    ...classified.map((entry) => ({ ...entry, attributes: { labelSmoothing: 0.2 } })),
  ],
  negativeLogLikelihood: classified,
};

const STEP = 1e-5;
const rows = Object.entries(SWEEP).flatMap(([op, cases]) =>
  cases.map((entry, index) => ({ op: op as OpName, index, ...entry })),
);

test.each(rows)("$op, case $index: gradient is the slope", ({ op, operands, attributes = {} }) => {
  const values = operands.map(
    (operand, index) =>
      operand && input(`x${index}`, operand.shape, operand.data instanceof Int32Array ? "int32" : "float32"),
  );
  const [y] = applyByName(op, values, attributes) as [Value];
  const loss = weightedSum(y, input("seed", y.shape));
  const checked = operands.flatMap((operand, index) => (operand && !operand.fixed ? [index] : []));
  const targets = checked.map((index) => values[index] as Value);
  const gradients = gradientsOf(loss, targets, add).map((value, index) => [`dx${checked[index]}`, value] as const);

  const program = defineProgram({ name: op, outputs: { loss, ...Object.fromEntries(gradients) } });
  const lossOnly = defineProgram({ name: op, outputs: { loss } });
  const feeds: Record<string, HostTensor> = { seed: normal(...y.shape) };
  for (const [index, operand] of operands.entries()) if (operand) feeds[`x${index}`] = operand;
  const lossWith = (name: string, tensor: HostTensor, at: number, change: number): number => {
    const data = Float64Array.from(tensor.data, (value, index) => (index === at ? value + change : value));
    return evaluateProgram(lossOnly, { ...feeds, [name]: { ...tensor, data } }, new Map()).outputs.loss?.data[0] ?? 0;
  };

  const { outputs } = evaluateProgram(program, feeds, new Map());
  for (const index of checked) {
    const operand = operands[index] as Operand;
    const slopes = Array.from(operand.data, (_, at) => {
      const difference = lossWith(`x${index}`, operand, at, STEP) - lossWith(`x${index}`, operand, at, -STEP);
      return difference / (2 * STEP);
    });
    // the error of a central difference is about STEP² = 1e-10, that of its rounding 1e-16/STEP
    expect(outputs[`dx${index}`]?.data ?? [], `operand ${index}`).toBeAllclose(slopes, { rtol: 1e-7, atol: 1e-8 });
  }
});

test("every op that has a gradient is in the sweep", () => {
  const differentiable = Object.values(ops).flatMap((op) => ("gradient" in op && op.gradient ? [op.name] : []));
  expect(Object.keys(SWEEP).sort()).toEqual(differentiable.sort());
});
