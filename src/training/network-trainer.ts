/** What a trainer is asked and answers; `openTrainer` makes one. */
import { join } from "node:path";
import { cacheFolder } from "../cache/index.ts";
import type { StateDict, StateShapes, StateTensor } from "../checkpoint/index.ts";
import type { Dataset, WorkerPool } from "../data/index.ts";
import type { Engine, EngineOptions } from "../engines/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Purpose } from "./frozen-part.ts";
import type { StepGroup } from "./parameter-groups.ts";
import type { Loss } from "./programs.ts";

/** Which part of a network is trained, and how fast. */
export interface TrainedPart {
  /** Whether the parameter of that name keeps its value; none by default. */
  readonly isFrozen?: (parameter: string) => boolean;
  /** Whether the batch normalisation of that name uses its running statistics and leaves them as they are; none by default. */
  readonly keepsStatistics?: (layer: string) => boolean;
  /** By how much the learning rate is multiplied for a parameter; 1 by default. */
  readonly learningRateScale?: (parameter: string) => number;
}

/** What `openTrainer` takes besides the network. */
export interface TrainerOptions extends EngineOptions, TrainedPart {
  /** Channels, height, width of one image. */
  readonly inputShape: readonly number[];
  /** Images of a step; 64 by default. A last batch may have fewer. */
  readonly batchSize?: number;
  /** Adam with a learning rate of 0.001 by default. */
  readonly optimizer?: Optimizer;
  /** Cross entropy by default. */
  readonly loss?: Loss;
  /**
   * What a batch's mean loss divides by: the number of its images by default, the sum of its labels' weights where classes
   * are weighted. Several batches of one step have a part in it by this.
   */
  readonly lossWeight?: (labels: Int32Array) => number;
  /** The largest common norm of all gradients, above which they are scaled down (PyTorch's clip_grad_norm_); none by default. */
  readonly clipNorm?: number;
  /**
   * Keeps exponential moving averages of what is trained, which evaluation and `weights({ averaged: true })` then use:
   * average ← d·average + (1 − d)·weight with d = min(averageDecay, (1 + step)/(10 + step)), where steps count from the
   * beginning of the averages. 0..1; none by default.
   */
  readonly averageDecay?: number;
  /** Name of the engine; `auto`, the fastest there is, by default. */
  readonly engine?: string;
  /** Seed of the first weights and of dropout; 0 by default. */
  readonly seed?: number;
  /**
   * The first weights, instead of fresh ones; `from` is named in the error if they do not fit. With `transfer` they may be
   * empty afterwards, so that there is no second copy of them. What a `partial` state lacks begins fresh.
   */
  readonly weights?: {
    readonly state: StateDict;
    readonly from: string;
    readonly transfer?: boolean;
    readonly partial?: boolean;
  };
  /** That it is not going to be trained, so that its weights are constants of the forward pass, which is faster. */
  readonly evaluationOnly?: boolean;
}

/** Where the choices of the onnx engine are kept; see `EngineOptions.kernelChoices`. */
export const kernelChoicesFile = (): string => join(cacheFolder(), "onnx-kernels.json");

/** Images [N, C, H, W] and their class indices [N]. */
export interface LabelledImages {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** Whether `images` are what the frozen part makes of images; see `Trainer.features`. */
  readonly areFeatures?: boolean;
}

/** Images with two labels each: the loss is share·loss(labels) + (1 − share)·loss(otherLabels). */
export interface MixedImages extends LabelledImages {
  readonly otherLabels: Int32Array;
  /** 0..1 */
  readonly share: number;
}

/** What a training step takes. */
export type TrainingBatch = LabelledImages | MixedImages;

/** What a training step found, before it changed the weights. */
export interface StepResult {
  /** The number of the step: 1, 2, … */
  readonly step: number;
  /** Mean loss of the batch. */
  readonly loss: number;
  readonly correct: number;
  readonly size: number;
  readonly learningRate: number;
}

/** What `evaluate` found. */
export interface Evaluation {
  readonly count: number;
  /** Mean cross entropy in nats. */
  readonly loss: number;
  /** Share of images whose largest logit is at their label, 0..1. */
  readonly accuracy: number;
  readonly correct: number;
  /** [count, classes], in the order of the data set. */
  readonly logits: Float32Array;
  /** [count] */
  readonly labels: Int32Array;
}

/** How a data set is read during evaluation. */
export interface EvaluateOptions {
  /** Whether the data set's images are what the frozen part makes of images; see `Trainer.features`. */
  readonly areFeatures?: boolean;
  readonly workers?: number | WorkerPool;
  /** Called after each batch with the number of images done. */
  readonly onProgress?: (done: number) => void;
}

/** Options of one step. */
export interface StepRunOptions {
  /** The optimizer's own by default. */
  readonly learningRate?: number;
  /** Gives the images' buffer away, which is then empty, so that it is not copied. */
  readonly transfer?: boolean;
}

/** Where a training stands. */
export interface TrainerPosition {
  /** Steps done. */
  readonly step: number;
  /** Steps that were done before a parameter was trained as it is now; 0 by default. */
  readonly since?: (parameter: string) => number;
  /** Steps that were done before the moving averages began; 0 by default. */
  readonly averagedSince?: number;
}

/** A network in training. Close it when done. */
export interface Trainer {
  readonly engine: Engine;
  readonly optimizer: Optimizer;
  /** Steps asked for so far. */
  readonly step: number;
  /**
   * One training step. It may be called again before the last one has ended: steps happen in the order in which they were
   * asked for, and the engine is never idle if one waits. Several batches make one step on the mean gradient of all their
   * images, each by its weight, as one batch of that size would but for batch normalisation.
   */
  train(batch: TrainingBatch | readonly TrainingBatch[], options?: StepRunOptions): Promise<StepResult>;
  /** Logits [N, classes] of images [N, C, H, W], or of what the frozen part makes of them, N at most the batch size. */
  logits(images: Float32Array, options?: { readonly areFeatures?: boolean }): Promise<Float32Array>;
  /**
   * The shape of what the frozen part makes of one image, in training or in evaluation; undefined if nothing is frozen, or if
   * what follows needs more than one tensor.
   */
  featureShape(purpose: Purpose): readonly number[] | undefined;
  /** What the frozen part makes of images [N, C, H, W], N at most the batch size: [N, …featureShape]. */
  features(images: Float32Array, purpose: Purpose): Promise<Float32Array>;
  /** The network's answers to a whole data set. */
  evaluate(dataset: Dataset, options?: EvaluateOptions): Promise<Evaluation>;
  /** Copies of all parameters and buffers, or their moving averages, in the order and with the names of PyTorch's state dict. */
  weights(options?: { readonly averaged?: boolean }): Promise<Map<string, StateTensor>>;
  /**
   * Replaces all parameters and buffers; `from` is named in the error if they do not fit. With `transfer` the weights may be
   * empty afterwards.
   */
  setWeights(weights: StateDict, from?: string, options?: { readonly transfer?: boolean }): Promise<void>;
  /** Copies of what the optimizer keeps, by names such as `conv1.weight.exp_avg`. */
  optimizerSlots(): Promise<Map<string, StateTensor>>;
  /** Names of all parameters, trained or not, in the order of the state dict. */
  readonly parameters: readonly string[];
  /** Shapes of what the optimizer keeps. */
  readonly slotShapes: StateShapes;
  /** The trained parameters by learning rate and count of steps. */
  readonly groups: readonly StepGroup[];
  /** Trains another part of the network from the next step on; what was trained before keeps what the optimizer knows of it. */
  retrain(part: TrainedPart): Promise<void>;
  /** Goes on from another training: what its optimizer kept, and where it stood. */
  restore(slots: StateDict, at: TrainerPosition): Promise<void>;
  /** Copies of the moving averages, by the names of what they are of. */
  averages(): Promise<Map<string, StateTensor>>;
  /** Replaces moving averages; those that `averages` lacks stay. */
  setAverages(averages: StateDict): Promise<void>;
  /** Ends the engine. */
  close(): Promise<void>;
}
