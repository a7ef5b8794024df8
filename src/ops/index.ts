import {
  hardSigmoid,
  hardSigmoidGradient,
  hardSwish,
  hardSwishGradient,
  relu,
  relu6,
  relu6Gradient,
  reluGradient,
  sigmoid,
  sigmoidGradient,
  silu,
  siluGradient,
} from "./activations.ts";
import { add, broadcastTo, channelAffine, mean, multiply, scale, subtract, sum } from "./arithmetic.ts";
import {
  batchNormInference,
  batchNormInferenceGradient,
  batchNormTraining,
  batchNormTrainingGradient,
} from "./batch-norm.ts";
import { conv2d, conv2dInputGradient, conv2dWeightGradient } from "./convolution.ts";
import { linear, matmul } from "./linear.ts";
import { adamStep, clipFactor, sgdStep } from "./optimizers.ts";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
  averagePool,
  averagePoolGradient,
  maxPool,
  maxPoolGradient,
} from "./pooling.ts";
import { dropoutMask } from "./random.ts";
import { concat, pad, reshape, slice, transpose } from "./shaping.ts";
import {
  logSoftmax,
  logSoftmaxGradient,
  negativeLogLikelihood,
  negativeLogLikelihoodGradient,
  softmax,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  softmaxGradient,
} from "./softmax.ts";

export * from "./activations.ts";
export * from "./arithmetic.ts";
export * from "./batch-norm.ts";
export * from "./convolution.ts";
export * from "./linear.ts";
export * from "./optimizers.ts";
export * from "./pooling.ts";
export * from "./random.ts";
export * from "./shaping.ts";
export * from "./softmax.ts";

/** All op records by name; each engine has a kernel for every one of them. */
export const ops = {
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  linear,
  matmul,
  relu,
  reluGradient,
  relu6,
  relu6Gradient,
  sigmoid,
  sigmoidGradient,
  silu,
  siluGradient,
  hardSwish,
  hardSwishGradient,
  hardSigmoid,
  hardSigmoidGradient,
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
  transpose,
  concat,
  slice,
  pad,
  add,
  multiply,
  subtract,
  scale,
  sum,
  mean,
  broadcastTo,
  channelAffine,
  softmax,
  softmaxGradient,
  logSoftmax,
  logSoftmaxGradient,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  negativeLogLikelihood,
  negativeLogLikelihoodGradient,
  dropoutMask,
  sgdStep,
  adamStep,
  clipFactor,
};

/** Name of an op. */
export type OpName = keyof typeof ops;

/** The record of each op by name. */
export type Ops = typeof ops;
