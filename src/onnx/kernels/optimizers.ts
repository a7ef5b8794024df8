import type { Emitter } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";

/** factor·x + y. */
const multiplyAdd = ({ emit, number }: Emitter, factor: number, x: string, y: string): string =>
  emit("Add", [emit("Mul", [x, number(factor)]), y]);

/** One step of each optimizer on one parameter, and how far gradients are clipped. */
export const optimizers: KernelsFor<"sgdStep" | "adamStep" | "clipFactor"> = {
  sgdStep: (emitter, [parameter, gradient, buffer, learningRate, gradientShare], { attributes }) => {
    const { emit, number } = emitter;
    const { momentum, nesterov, weightDecay } = attributes;
    const g = weightDecay === 0 ? gradient : multiplyAdd(emitter, weightDecay, parameter, gradient);
    const newBuffer = buffer
      ? emit("Add", [emit("Mul", [buffer, number(momentum)]), emit("Mul", [g, gradientShare])])
      : g;
    const step = nesterov ? multiplyAdd(emitter, momentum, newBuffer, g) : newBuffer;
    return [emit("Sub", [parameter, emit("Mul", [step, learningRate])]), newBuffer];
  },
  adamStep: (
    emitter,
    [parameter, gradient, first, second, learningRate, correction1, correction2Root],
    { attributes },
  ) => {
    const { emit, number } = emitter;
    const { beta1, beta2, epsilon, weightDecay, decoupled } = attributes;
    const decays = weightDecay !== 0;
    const g = decays && !decoupled ? multiplyAdd(emitter, weightDecay, parameter, gradient) : gradient;
    const newFirst = emit("Add", [emit("Mul", [first, number(beta1)]), emit("Mul", [g, number(1 - beta1)])]);
    const square = emit("Mul", [emit("Mul", [g, g]), number(1 - beta2)]);
    const newSecond = emit("Add", [emit("Mul", [second, number(beta2)]), square]);
    const root = emit("Add", [emit("Div", [emit("Sqrt", [newSecond]), correction2Root]), number(epsilon)]);
    const step = emit("Mul", [emit("Div", [newFirst, root]), emit("Div", [learningRate, correction1])]);
    const kept = emit("Sub", [number(1), emit("Mul", [learningRate, number(weightDecay)])]);
    const decayed = decays && decoupled ? emit("Mul", [parameter, kept]) : parameter;
    return [emit("Sub", [decayed, step]), newFirst, newSecond];
  },
  clipFactor: ({ emit, number }, [sumOfSquares], { attributes: { maximum } }) => {
    const norm = emit("Add", [emit("Sqrt", [sumOfSquares]), number(1e-6)]);
    return [emit("Min", [number(1), emit("Div", [number(maximum), norm])])];
  },
};
