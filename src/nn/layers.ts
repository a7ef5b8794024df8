import { formatShape, scalar, type Value } from "../graph/value.ts";
import {
  add,
  batchNormInference,
  batchNormTraining,
  conv2d as convolve,
  dropout as dropOut,
  linear as multiplyMatrix,
} from "../ops/index.ts";
import { constantOf, type Initialiser, pytorchDefault } from "./initialisers.ts";
import type { Module, TensorSpecs } from "./module.ts";
import { type PairOption, pairOf } from "./pair.ts";
import type { Scope } from "./trace.ts";

/** What `conv2d` takes besides the channels. A single number stands for both axes. */
export interface ConvolutionOptions {
  readonly kernel: PairOption;
  /** 1 by default. */
  readonly stride?: PairOption;
  /** Zeros around the image; 0 by default. */
  readonly padding?: PairOption;
  /** Distance between the elements of the kernel; 1 by default. */
  readonly dilation?: PairOption;
  /** Divides both channel counts; 1 by default. */
  readonly groups?: number;
  /** Whether each output channel has an additive constant; true by default. */
  readonly bias?: boolean;
  /** PyTorch's default if absent. */
  readonly initialiseWeight?: Initialiser;
  readonly initialiseBias?: Initialiser;
}

const layer = (kind: string, tensors: Pick<Module, "parameters" | "buffers">, apply: Module["apply"]): Module => ({
  kind,
  ...tensors,
  children: {},
  apply,
});

const optionalTensor = (scope: Scope, name: string, present: boolean): Value | undefined =>
  present ? scope.tensor(name) : undefined;

/**
 * A convolution: [N, inChannels, H, W] → [N, outChannels, H', W'] with H' = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) /
 * stride⌋ + 1. Parameters `weight` [outChannels, inChannels/groups, KH, KW] and `bias` [outChannels].
 */
export function conv2d(inChannels: number, outChannels: number, options: ConvolutionOptions): Module {
  const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
  const kernel = pairOf(options.kernel);
  const inputs = (inChannels / groups) * kernel[0] * kernel[1];
  const { initialiseWeight = pytorchDefault(inputs), initialiseBias = pytorchDefault(inputs) } = options;
  const attributes = { stride: pairOf(stride), padding: pairOf(padding), dilation: pairOf(dilation), groups };
  const parameters: TensorSpecs = {
    weight: { shape: [outChannels, inChannels / groups, ...kernel], initialise: initialiseWeight },
    ...(bias && { bias: { shape: [outChannels], initialise: initialiseBias } }),
  };
  return layer("conv2d", { parameters, buffers: {} }, (scope, x) =>
    convolve(x, scope.tensor("weight"), optionalTensor(scope, "bias", bias), attributes),
  );
}

/** What `linear` takes besides the sizes. */
export type LinearOptions = Pick<ConvolutionOptions, "bias" | "initialiseWeight" | "initialiseBias">;

/** x·weightᵀ + bias: [N, inFeatures] → [N, outFeatures]. `weight` [outFeatures, inFeatures], `bias` [outFeatures]. */
export function linear(inFeatures: number, outFeatures: number, options: LinearOptions = {}): Module {
  const { bias = true } = options;
  const initialise = pytorchDefault(inFeatures);
  const parameters: TensorSpecs = {
    weight: { shape: [outFeatures, inFeatures], initialise: options.initialiseWeight ?? initialise },
    ...(bias && { bias: { shape: [outFeatures], initialise: options.initialiseBias ?? initialise } }),
  };
  return layer("linear", { parameters, buffers: {} }, (scope, x) =>
    multiplyMatrix(x, scope.tensor("weight"), optionalTensor(scope, "bias", bias)),
  );
}

/** What `batchNorm2d` takes besides the channels. */
export interface BatchNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
  /** Share of the batch in the running statistics; 0.1 by default. */
  readonly momentum?: number;
}

const counter = { shape: [], initialise: constantOf(0), dtype: "int64" } as const;

/**
 * Batch normalisation (Ioffe & Szegedy 2015) of [N, channels, H, W]: by the batch in training, by the running statistics
 * in evaluation and where the trace says that the layer is frozen.
 */
export function batchNorm2d(channels: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {}): Module {
  const vector = (value: number) => ({ shape: [channels], initialise: constantOf(value) });
  const parameters = { weight: vector(1), bias: vector(0) };
  const buffers = { running_mean: vector(0), running_var: vector(1), num_batches_tracked: counter };
  return layer("batchNorm2d", { parameters, buffers }, (scope, x) => {
    const [weight, bias] = [scope.tensor("weight"), scope.tensor("bias")];
    const [mean, variance] = [scope.tensor("running_mean"), scope.tensor("running_var")];
    if (!scope.training || scope.isFrozen?.(scope.name))
      return batchNormInference(x, weight, bias, mean, variance, { epsilon });
    const [y, , , newMean, newVariance] = batchNormTraining(x, weight, bias, mean, variance, { epsilon, momentum });
    scope.update("running_mean", newMean);
    scope.update("running_var", newVariance);
    scope.update("num_batches_tracked", add([scope.tensor("num_batches_tracked"), scalar(1)]));
    return y;
  });
}

/** In training, zeroes each element with probability `rate` (0..1) and divides the others by 1 − rate; else nothing. */
export function dropout(rate = 0.5): Module {
  return layer("dropout", { parameters: {}, buffers: {} }, (scope, x) => {
    if (!scope.training || rate === 0) return x;
    if (!scope.dropoutKey) throw new Error(`dropout of ${formatShape(x.shape)}: the trace has no dropoutKey`);
    return dropOut(x, scope.dropoutKey, { rate, layer: scope.nextDropoutLayer() });
  });
}
