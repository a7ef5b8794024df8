import type { TensorType } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import { flatten, fromFlat } from "../flat.ts";
import type { KernelsFor } from "../kernel.ts";

/** factor·x + y. */
const multiplyAdd = ({ emit, number }: Emitter, factor: number, x: string, y: string): string =>
  emit("Add", [emit("Mul", [x, number(factor)]), y]);

/** A step on vectors instead of on tensors of another shape. */
function onVectors<Operands extends readonly (string | undefined)[], Names extends readonly string[]>(
  emitter: Emitter,
  { operands, type }: { operands: Operands; type: TensorType },
  step: (operands: Operands) => Names,
): Names {
  const flat = operands.map((x) => x && flatten(emitter, x, type.shape));
  return step(flat as unknown as Operands).map((x) => fromFlat(emitter, x, type.shape)) as unknown as Names;
}

/** One step of each optimizer on one parameter, and how far gradients are clipped. */
export const optimizers: KernelsFor<"sgdStep" | "adamStep" | "clipFactor"> = {
  sgdStep: (emitter, [p, dp, old, learningRate, gradientShare], { attributes, inputs: [type] }) => {
    const { emit } = emitter;
    const { momentum, nesterov, weightDecay } = attributes;
    return onVectors(emitter, { operands: [p, dp, old] as const, type }, ([parameter, gradient, buffer]) => {
      const g = weightDecay === 0 ? gradient : multiplyAdd(emitter, weightDecay, parameter, gradient);
      const share = buffer && gradientShare ? emit("Mul", [g, gradientShare]) : g;
      const newBuffer = buffer ? multiplyAdd(emitter, momentum, buffer, share) : g;
      const step = nesterov ? multiplyAdd(emitter, momentum, newBuffer, g) : newBuffer;
      return [emit("Sub", [parameter, emit("Mul", [step, learningRate])]), newBuffer] as const;
    });
  },
  adamStep: (emitter, [p, dp, m, v, learningRate, correction1, correction2Root], { attributes, inputs: [type] }) => {
    const { emit, number } = emitter;
    const { beta1, beta2, epsilon, weightDecay, decoupled } = attributes;
    const decays = weightDecay !== 0;
    return onVectors(emitter, { operands: [p, dp, m, v] as const, type }, ([parameter, gradient, first, second]) => {
      const g = decays && !decoupled ? multiplyAdd(emitter, weightDecay, parameter, gradient) : gradient;
      const newFirst = emit("Add", [emit("Mul", [first, number(beta1)]), emit("Mul", [g, number(1 - beta1)])]);
      const square = emit("Mul", [emit("Mul", [g, g]), number(1 - beta2)]);
      const newSecond = emit("Add", [emit("Mul", [second, number(beta2)]), square]);
      const root = emit("Add", [emit("Div", [emit("Sqrt", [newSecond]), correction2Root]), number(epsilon)]);
      const step = emit("Mul", [emit("Div", [newFirst, root]), emit("Div", [learningRate, correction1])]);
      const kept = emit("Sub", [number(1), emit("Mul", [learningRate, number(weightDecay)])]);
      const decayed = decays && decoupled ? emit("Mul", [parameter, kept]) : parameter;
      return [emit("Sub", [decayed, step]), newFirst, newSecond] as const;
    });
  },
  clipFactor: ({ emit, number }, [sumOfSquares], { attributes: { maximum } }) => {
    const norm = emit("Add", [emit("Sqrt", [sumOfSquares]), number(1e-6)]);
    return [emit("Min", [number(1), emit("Div", [number(maximum), norm])])];
  },
};
