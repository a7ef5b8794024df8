import { withAffine } from "../affine.ts";
import { elementwise } from "../blocked.ts";
import { type Emitter, float } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";

type Names =
  | "relu"
  | "reluGradient"
  | "relu6"
  | "relu6Gradient"
  | "sigmoid"
  | "sigmoidGradient"
  | "silu"
  | "siluGradient"
  | "hardSwish"
  | "hardSwishGradient"
  | "hardSigmoid"
  | "hardSigmoidGradient";

const SIXTH = { alpha: float(1 / 6), beta: float(0.5) };

/** `dy` where `low < x < high`, else 0. */
function between({ emit, number }: Emitter, x: string, dy: string, [low, high]: [number, number]): string {
  const inside = emit("And", [emit("Greater", [x, number(low)]), emit("Less", [x, number(high)])]);
  return emit("Where", [inside, dy, number(0)]);
}

/** Truth values as 0 and 1: a product with these is faster than ONNX Runtime's Where and Sign (93 µs against 150 for 200,000). */
export const asNumber = ({ emit }: Emitter, truth: string): string => emit("Cast", [truth], { to: 1 });

/** Activations and their gradients. */
export const activations: KernelsFor<Names> = {
  relu: (emitter, [x], { outputs: [type] }) => [
    withAffine(emitter, [x], type) ?? elementwise(emitter, { xs: [x], type }, (xs) => emitter.emit("Relu", xs)),
  ],
  reluGradient: (emitter, [y, dy], { outputs: [type] }) => [
    elementwise(emitter, { xs: [y, dy], type }, ([yForm = "", dyForm = ""]) =>
      emitter.emit("Mul", [dyForm, asNumber(emitter, emitter.emit("Greater", [yForm, emitter.number(0)]))]),
    ),
  ],
  relu6: ({ emit, number }, [x]) => [emit("Clip", [x, number(0), number(6)])],
  relu6Gradient: (emitter, [x, dy]) => [between(emitter, x, dy, [0, 6])],
  sigmoid: ({ emit }, [x]) => [emit("Sigmoid", [x])],
  sigmoidGradient: ({ emit, number }, [y, dy]) => [emit("Mul", [dy, emit("Mul", [y, emit("Sub", [number(1), y])])])],
  silu: ({ emit }, [x]) => [emit("Mul", [x, emit("Sigmoid", [x])])],
  siluGradient: ({ emit, number }, [x, dy]) => {
    const s = emit("Sigmoid", [x]);
    const slope = emit("Add", [number(1), emit("Mul", [x, emit("Sub", [number(1), s])])]);
    return [emit("Mul", [dy, emit("Mul", [s, slope])])];
  },
  hardSwish: ({ emit }, [x]) => [emit("HardSwish", [x])],
  hardSwishGradient: ({ emit, number }, [x, dy]) => {
    const slope = emit("Add", [emit("Mul", [x, number(1 / 3)]), number(0.5)]);
    const above = emit("Where", [emit("GreaterOrEqual", [x, number(3)]), dy, emit("Mul", [dy, slope])]);
    return [emit("Where", [emit("LessOrEqual", [x, number(-3)]), number(0), above])];
  },
  hardSigmoid: ({ emit }, [x]) => [emit("HardSigmoid", [x], SIXTH)],
  hardSigmoidGradient: (emitter, [x, dy]) => {
    const sixth = emitter.emit("Mul", [dy, emitter.number(1 / 6)]);
    return [between(emitter, x, sixth, [-3, 3])];
  },
};
