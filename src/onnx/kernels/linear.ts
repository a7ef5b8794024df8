import { type Emitter, float } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";

type Names = "linear" | "matmul" | "softmax" | "softmaxGradient" | "logSoftmax" | "logSoftmaxGradient";

const flag = (value: boolean): number => (value ? 1 : 0);

/** y·(dy − Σ dy·y) per row. */
function softmaxGradient({ emit, int64s }: Emitter, y: string, dy: string): string {
  const total = emit("ReduceSum", [emit("Mul", [dy, y]), int64s([1])], { keepdims: 1 });
  return emit("Mul", [y, emit("Sub", [dy, total])]);
}

/** Matrix products and the row-wise soft maxima. */
export const linear: KernelsFor<Names> = {
  linear: ({ emit }, [x, weight, bias]) => [
    emit("Gemm", bias ? [x, weight, bias] : [x, weight], { transB: 1, alpha: float(1), beta: float(1) }),
  ],
  matmul: ({ emit }, [a, b], { attributes: { transposeA, transposeB } }) => [
    emit("Gemm", [a, b], { transA: flag(transposeA), transB: flag(transposeB) }),
  ],
  softmax: ({ emit }, [x]) => [emit("Softmax", [x], { axis: 1 })],
  softmaxGradient: (emitter, [y, dy]) => [softmaxGradient(emitter, y, dy)],
  logSoftmax: ({ emit }, [x]) => [emit("LogSoftmax", [x], { axis: 1 })],
  logSoftmaxGradient: ({ emit, int64s }, [y, dy]) => {
    const total = emit("ReduceSum", [dy, int64s([1])], { keepdims: 1 });
    return [emit("Sub", [dy, emit("Mul", [emit("Exp", [y]), total])])];
  },
};
