import type { TensorType } from "../../graph/value.ts";
import { type Emitter, float } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";
import { perChannel } from "./arithmetic.ts";
import {
  blockedLine,
  blockedStatistics,
  blockedTrainingGradient,
  countOf,
  normalisesBlocked,
} from "./blocked-batch-norm.ts";

type Names = "batchNormTraining" | "batchNormTrainingGradient" | "batchNormInference" | "batchNormInferenceGradient";

/** All axes of x but the channels'. */
const reducedAxes = ({ shape }: TensorType): number[] => shape.map((_, axis) => axis).filter((axis) => axis !== 1);

/** Σ over all but the channels: [C]. */
const channelSums = ({ emit, int64s }: Emitter, x: string, type: TensorType): string =>
  emit("ReduceSum", [x, int64s(reducedAxes(type))], { keepdims: 0 });

/** Mean over all but the channels, in a shape that broadcasts over x. */
const channelMeans = ({ emit, int64s }: Emitter, x: string, type: TensorType): string =>
  emit("ReduceMean", [x, int64s(reducedAxes(type))], { keepdims: 1 });

function inverseRoot({ emit, number }: Emitter, variance: string, epsilon: number): string {
  return emit("Reciprocal", [emit("Sqrt", [emit("Add", [variance, number(epsilon)])])]);
}

/** Mean and variance [C] of the batch, and x less its channels' means. */
function plainStatistics(emitter: Emitter, x: string, type: TensorType) {
  const { emit, int64s } = emitter;
  const flat = (value: string): string => emit("Reshape", [value, int64s([type.shape[1] ?? 1])]);
  const mean = channelMeans(emitter, x, type);
  const centred = emit("Sub", [x, mean]);
  const variance = flat(channelMeans(emitter, emit("Mul", [centred, centred]), type));
  return { mean: flat(mean), variance, centred };
}

/** Batch normalisation; the variance is taken of centred values, since E[x²] − E[x]² loses digits in fp32. */
export const batchNorm: KernelsFor<Names> = {
  batchNormTraining: (emitter, [x, weight, bias, runningMean, runningVar], { inputs: [type], attributes }) => {
    const { emit, number } = emitter;
    const { epsilon, momentum } = attributes;
    const count = countOf(type.shape);
    const spread = (vector: string): string => perChannel(emitter, vector, type.shape.length);
    const blocked = normalisesBlocked(emitter, type) ? blockedStatistics(emitter, x, type) : undefined;
    const { mean, variance, centred } = blocked ?? plainStatistics(emitter, x, type);
    const invStd = inverseRoot(emitter, variance, epsilon);
    const scale = emit("Mul", [weight, invStd]);
    const blend = (old: string, batch: string, factor: number): string =>
      emit("Add", [emit("Mul", [old, number(1 - momentum)]), emit("Mul", [batch, number(factor)])]);
    return [
      blocked
        ? blockedLine(emitter, { x: centred, scale, shift: bias }, type)
        : emit("Add", [emit("Mul", [centred, spread(scale)]), spread(bias)]),
      mean,
      invStd,
      blend(runningMean, mean, momentum),
      blend(runningVar, variance, (momentum * count) / (count - 1)), // the running variance is the unbiased one
    ];
  },
  batchNormTrainingGradient: (emitter, [x, weight, mean, invStd, dy], { inputs: [type] }) => {
    if (normalisesBlocked(emitter, type)) return blockedTrainingGradient(emitter, [x, weight, mean, invStd, dy], type);
    const { emit, number } = emitter;
    const count = countOf(type.shape);
    const spread = (vector: string): string => perChannel(emitter, vector, type.shape.length);
    const centred = emit("Sub", [x, spread(mean)]);
    const dbias = channelSums(emitter, dy, type);
    const dweight = emit("Mul", [channelSums(emitter, emit("Mul", [dy, centred]), type), invStd]);
    // dx = weight·invStd·(dy − mean(dy) − normalised·mean(dy·normalised)), as one line in x and one in dy per channel
    const slope = emit("Mul", [weight, invStd]);
    const share = emit("Mul", [emit("Mul", [dweight, invStd]), number(1 / count)]);
    const shifted = emit("Sub", [dy, spread(emit("Mul", [dbias, number(1 / count)]))]);
    const dx = emit("Mul", [emit("Sub", [shifted, emit("Mul", [centred, spread(share)])]), spread(slope)]);
    return [dx, dweight, dbias];
  },
  batchNormInference: (emitter, [x, weight, bias, mean, variance], { attributes, inputs: [type] }) => {
    const { emit } = emitter;
    const blocked = emitter.blocked.get(x);
    // a constant one is left to ONNX Runtime, which folds it into the convolution
    if (blocked === undefined || emitter.isConstant(weight))
      return [emit("BatchNormalization", [x, weight, bias, mean, variance], { epsilon: float(attributes.epsilon) })];
    const scale = emit("Mul", [weight, inverseRoot(emitter, variance, attributes.epsilon)]);
    const shift = emit("Sub", [bias, emit("Mul", [mean, scale])]);
    return [blockedLine(emitter, { x: blocked, scale, shift }, type)];
  },
  batchNormInferenceGradient: (emitter, [x, weight, mean, variance, dy], { inputs: [type], attributes }) => {
    const { emit } = emitter;
    const spread = (vector: string): string => perChannel(emitter, vector, type.shape.length);
    const invStd = inverseRoot(emitter, variance, attributes.epsilon);
    const product = emit("Mul", [dy, emit("Sub", [x, spread(mean)])]);
    return [
      emit("Mul", [dy, spread(emit("Mul", [weight, invStd]))]),
      emit("Mul", [channelSums(emitter, product, type), invStd]),
      channelSums(emitter, dy, type),
    ];
  },
};
