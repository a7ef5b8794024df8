import type { OpName } from "../../../ops/index.ts";
import {
  batchNormInference,
  batchNormInferenceGradient,
  batchNormTraining,
  batchNormTrainingGradient,
} from "./batch-norm.ts";
import { conv2d, conv2dInputGradient, conv2dWeightGradient } from "./convolution.ts";
import { add, multiply, relu, reluGradient, scale, subtract } from "./elementwise.ts";
import { byReference, type Kernel } from "./kernel.ts";
import { linear, matmul } from "./linear.ts";
import { adamStep, sgdStep } from "./optimizers.ts";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
  averagePool,
  averagePoolGradient,
  maxPool,
  maxPoolGradient,
} from "./pooling.ts";
import { concat, reshape, slice } from "./shaping.ts";

/** The kernel of each op. */
export const KERNELS: Readonly<Record<OpName, Kernel>> = {
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  linear,
  matmul,
  relu,
  reluGradient,
  relu6: byReference,
  relu6Gradient: byReference,
  sigmoid: byReference,
  sigmoidGradient: byReference,
  silu: byReference,
  siluGradient: byReference,
  hardSwish: byReference,
  hardSwishGradient: byReference,
  hardSigmoid: byReference,
  hardSigmoidGradient: byReference,
  batchNormTraining,
  batchNormTrainingGradient,
  batchNormInference,
  batchNormInferenceGradient,
  maxPool,
  maxPoolGradient,
  averagePool,
  averagePoolGradient,
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
  reshape,
  transpose: byReference,
  concat,
  slice,
  pad: byReference,
  add,
  multiply,
  subtract,
  scale,
  sum: byReference,
  mean: byReference,
  broadcastTo: byReference,
  channelAffine: byReference,
  softmax: byReference,
  softmaxGradient: byReference,
  logSoftmax: byReference,
  logSoftmaxGradient: byReference,
  softmaxCrossEntropy: byReference,
  softmaxCrossEntropyGradient: byReference,
  negativeLogLikelihood: byReference,
  negativeLogLikelihoodGradient: byReference,
  dropoutMask: byReference,
  sgdStep,
  adamStep,
  clipFactor: byReference,
};
