import { defineOp, float32 } from "../graph/define-op.ts";
import { sizeOf, type TensorType } from "../graph/value.ts";
import { channelsOf, expectRule, expectSameShape, expectVectors } from "./checks.ts";
import { normalize, normalizeGradient, normalizeWithStatistics, trainingGradient } from "./reference/batch-norm.ts";

/** The number of channels of x [N, C, H, W] or [N, C]; all vectors must have that size. */
function checkedChannels(op: string, x: TensorType, vectors: Readonly<Record<string, TensorType>>): number {
  expectRule(op, x.shape.length === 2 || x.shape.length === 4, "x must have 2 or 4 dimensions", { x });
  const c = channelsOf(op, x);
  expectVectors(op, c, vectors, { x });
  return c;
}

/**
 * Batch normalisation with the statistics of the batch (Ioffe & Szegedy 2015). x [N, C, H, W] or [N, C], vectors [C].
 *
 * y = (x − mean)/√(var + epsilon)·weight + bias with the biased variance; new running value = (1 − momentum)·old +
 * momentum·batch with the unbiased variance. savedMean and savedInvStd [C] are what the gradient reads.
 */
export const batchNormTraining = defineOp({
  name: "batchNormTraining",
  inputs: ["x", "weight", "bias", "runningMean", "runningVar"],
  outputs: ["y", "savedMean", "savedInvStd", "newRunningMean", "newRunningVar"],
  defaults: { epsilon: 1e-5, momentum: 0.1 },
  shape: ([x, weight, bias, runningMean, runningVar]) => {
    const c = checkedChannels("batchNormTraining", x, { weight, bias, runningMean, runningVar });
    expectRule("batchNormTraining", 1 < sizeOf(x.shape) / c, "x must have more than one value per channel", { x });
    const vector = float32([c]);
    return [float32(x.shape), vector, vector, vector, vector];
  },
  gradient: ({ inputs: [x, weight], outputs: [, savedMean, savedInvStd], gradOutputs: [dy] }) =>
    batchNormTrainingGradient(x, weight, savedMean, savedInvStd, dy),
  reference: ([x, weight, bias, runningMean, runningVar], attributes) =>
    normalize(x, { weight, bias, runningMean, runningVar, ...attributes }),
});

/** Gradients of `batchNormTraining`; mean and variance depend on x, so dx has the two terms that centre it. */
export const batchNormTrainingGradient = defineOp({
  name: "batchNormTrainingGradient",
  inputs: ["x", "weight", "savedMean", "savedInvStd", "dy"],
  outputs: ["dx", "dweight", "dbias"],
  shape: ([x, weight, savedMean, savedInvStd, dy]) => {
    const c = checkedChannels("batchNormTrainingGradient", x, { weight, savedMean, savedInvStd });
    expectSameShape("batchNormTrainingGradient", { x, dy });
    return [float32(x.shape), float32([c]), float32([c])];
  },
  reference: ([x, weight, savedMean, savedInvStd, dy]) => trainingGradient(x, dy, { weight, savedMean, savedInvStd }),
});

/** Batch normalisation with given statistics: (x − mean)/√(variance + epsilon)·weight + bias. Shapes as above. */
export const batchNormInference = defineOp({
  name: "batchNormInference",
  inputs: ["x", "weight", "bias", "mean", "variance"],
  outputs: ["y"],
  defaults: { epsilon: 1e-5 },
  shape: ([x, weight, bias, mean, variance]) => {
    checkedChannels("batchNormInference", x, { weight, bias, mean, variance });
    return [float32(x.shape)];
  },
  gradient: ({ inputs: [x, weight, , mean, variance], gradOutputs: [dy], attributes }) =>
    batchNormInferenceGradient(x, weight, mean, variance, dy, attributes),
  reference: ([x, weight, bias, mean, variance], { epsilon }) => [
    normalizeWithStatistics(x, { weight, bias, mean, variance, epsilon }),
  ],
});

/** Gradients of `batchNormInference`; its statistics are constants. */
export const batchNormInferenceGradient = defineOp({
  name: "batchNormInferenceGradient",
  inputs: ["x", "weight", "mean", "variance", "dy"],
  outputs: ["dx", "dweight", "dbias"],
  defaults: { epsilon: 1e-5 },
  shape: ([x, weight, mean, variance, dy]) => {
    const c = checkedChannels("batchNormInferenceGradient", x, { weight, mean, variance });
    expectSameShape("batchNormInferenceGradient", { x, dy });
    return [float32(x.shape), float32([c]), float32([c])];
  },
  reference: ([x, weight, mean, variance, dy], { epsilon }) =>
    normalizeGradient(x, dy, { weight, mean, variance, epsilon }),
});
