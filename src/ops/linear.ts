import { defineOp, dims2, float32 } from "../graph/define-op.ts";
import type { Value } from "../graph/value.ts";
import { sum } from "./arithmetic.ts";
import { expectRule, expectVectors } from "./checks.ts";
import { addBias, multiplyMatrices } from "./reference/linear.ts";

/** x [N, I] · weightᵀ [I, O] + bias [O] → [N, O]. */
export const linear = defineOp({
  name: "linear",
  inputs: ["x", "weight", "bias?"],
  outputs: ["y"],
  shape: ([x, weight, bias]) => {
    const [n, i] = dims2(x, "linear", "x");
    const [o, weightI] = dims2(weight, "linear", "weight");
    expectRule("linear", weightI === i, `weight must have ${i} columns`, { x, weight });
    expectVectors("linear", o, { bias }, { weight });
    return [float32([n, o])];
  },
  gradient: ({ inputs: [x, weight, bias], gradOutputs: [dy] }) => [
    matmul(dy, weight),
    matmul(dy, x, { transposeA: true }),
    bias && sum(dy, { axes: [0] }),
  ],
  reference: ([x, weight, bias], _, [y]) => {
    const product = multiplyMatrices(x, weight, { transposeA: false, transposeB: true, shape: y.shape });
    return [bias ? addBias(product, bias) : product];
  },
});

/** Matrix product a [M, K] · b [K, N] → [M, N]; a transposed operand is given as [K, M] or [N, K]. */
export const matmul = defineOp({
  name: "matmul",
  inputs: ["a", "b"],
  outputs: ["y"],
  defaults: { transposeA: false, transposeB: false },
  shape: ([a, b], { transposeA, transposeB }) => {
    const [aRows, aColumns] = dims2(a, "matmul", "a");
    const [bRows, bColumns] = dims2(b, "matmul", "b");
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const [bK, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
    expectRule("matmul", k === bK, `b must have ${k} ${transposeB ? "columns" : "rows"}`, { a, b });
    return [float32([m, n])];
  },
  gradient: ({ inputs: [a, b], gradOutputs: [dy], attributes: { transposeA, transposeB } }): Value[] => [
    transposeA
      ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : matmul(dy, b, { transposeB: !transposeB }),
    transposeB
      ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, dy, { transposeA: !transposeA }),
  ],
  reference: ([a, b], attributes, [y]) => [multiplyMatrices(a, b, { ...attributes, shape: y.shape })],
});
