import type { TensorType } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";

type Names =
  | "softmaxCrossEntropy"
  | "softmaxCrossEntropyGradient"
  | "negativeLogLikelihood"
  | "negativeLogLikelihoodGradient";

/** What the loss is a mean of: −Σ target·logProbabilities / divisor. */
interface Target {
  /** [N, C]: class weight × ((1 − smoothing)·[c is the label] + smoothing/C). */
  readonly target: string;
  /** Σ of the labels' weights, or N. */
  readonly divisor: string;
}

function targetOf(
  { emit, int32s, int64s, number }: Emitter,
  {
    type,
    labels,
    classWeights,
    smoothing,
  }: { type: TensorType; labels: string; classWeights?: string; smoothing: number },
): Target {
  const [n = 1, c = 1] = type.shape;
  const column = emit("Reshape", [labels, int64s([n, 1])]);
  const classes = int32s(
    Array.from({ length: c }, (_, index) => index),
    [1, c],
  );
  const oneHot = emit("Cast", [emit("Equal", [column, classes])], { to: 1 });
  const smooth =
    smoothing === 0 ? oneHot : emit("Add", [emit("Mul", [oneHot, number(1 - smoothing)]), number(smoothing / c)]);
  if (!classWeights) return { target: smooth, divisor: number(n) };
  const labelWeights = emit("Mul", [oneHot, classWeights]);
  return {
    target: emit("Mul", [smooth, classWeights]),
    divisor: emit("ReduceSum", [labelWeights, int64s([0, 1])], { keepdims: 0 }),
  };
}

function meanLoss({ emit, int64s }: Emitter, logProbabilities: string, { target, divisor }: Target): string {
  const total = emit("ReduceSum", [emit("Mul", [target, logProbabilities]), int64s([0, 1])], { keepdims: 0 });
  return emit("Neg", [emit("Div", [total, divisor])]);
}

/** Cross entropy and negative log-likelihood with their gradients. */
export const losses: KernelsFor<Names> = {
  softmaxCrossEntropy: (emitter, [logits, labels, classWeights], { inputs: [type], attributes }) => {
    const logProbabilities = emitter.emit("LogSoftmax", [logits], { axis: 1 });
    const target = targetOf(emitter, { type, labels, classWeights, smoothing: attributes.labelSmoothing });
    return [meanLoss(emitter, logProbabilities, target), logProbabilities];
  },
  softmaxCrossEntropyGradient: (
    emitter,
    [logProbabilities, labels, classWeights, dloss],
    { inputs: [type], attributes },
  ) => {
    const { emit, int64s } = emitter;
    const options = { type, labels, classWeights, smoothing: attributes.labelSmoothing };
    const { target, divisor } = targetOf(emitter, options);
    const probabilities = emit("Exp", [logProbabilities]);
    const scaled = classWeights
      ? emit("Mul", [probabilities, emit("ReduceSum", [target, int64s([1])], { keepdims: 1 })])
      : probabilities;
    return [emit("Mul", [emit("Sub", [scaled, target]), emit("Div", [dloss, divisor])])];
  },
  negativeLogLikelihood: (emitter, [logProbabilities, labels, classWeights], { inputs: [type] }) => [
    meanLoss(emitter, logProbabilities, targetOf(emitter, { type, labels, classWeights, smoothing: 0 })),
  ],
  negativeLogLikelihoodGradient: (emitter, [, labels, classWeights, dloss], { inputs: [type] }) => {
    const { target, divisor } = targetOf(emitter, { type, labels, classWeights, smoothing: 0 });
    return [emitter.emit("Mul", [target, emitter.emit("Neg", [emitter.emit("Div", [dloss, divisor])])])];
  },
};
