import type { HostTensor } from "../../graph/define-op.ts";
import type { Shape } from "../../graph/value.ts";
import { zeros } from "./elements.ts";

/** a · b, either of them transposed first; `shape` [M, N] is that of the result. */
export function multiplyMatrices(
  a: HostTensor,
  b: HostTensor,
  { transposeA, transposeB, shape }: { transposeA: boolean; transposeB: boolean; shape: Shape },
): HostTensor {
  const y = zeros(shape);
  const [m, n] = shape as [number, number];
  const k = a.shape[transposeA ? 0 : 1]!;
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let total = 0;
      for (let i = 0; i < k; i++) {
        const left = a.data[transposeA ? i * m + row : row * k + i]!;
        const right = b.data[transposeB ? column * k + i : i * n + column]!;
        total += left * right;
      }
      y.data[row * n + column] = total;
    }
  }
  return y;
}

/** y [N, O] + bias [O]. */
export function addBias(y: HostTensor, bias: HostTensor): HostTensor {
  return { shape: y.shape, data: Float64Array.from(y.data, (value, i) => value + bias.data[i % bias.data.length]!) };
}
