/** Every setting of a training run with its check and default. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { ENGINE_NAMES, PRECISIONS } from "../engines/index.ts";
import { AUGMENTATIONS } from "../image/index.ts";
import { OPTIMIZER_NAMES } from "../optim/optimizer.ts";
import { TRANSFORM_INPUT } from "./file-weights.ts";

const wholeFrom = (least: number) => z.number().int().min(least);
const number = z.number();
const flag = z.boolean();

function setting<Type extends z.ZodType>(type: Type, otherwise: z.infer<Type>, expected: string | readonly string[]) {
  return { type, otherwise, expected };
}

function choice<const Name extends string>(names: readonly Name[], otherwise: NoInfer<Name>) {
  return setting(z.enum(names), otherwise, names);
}

const from = (least: number, otherwise: number) =>
  setting(wholeFrom(least), otherwise, `a whole number of at least ${least}`);

/** Each setting with its check, default, and what a person should give. */
export const SETTINGS = {
  data: setting(z.string().min(1), "digits", "mnist, fashion-mnist, digits or a folder"),
  model: setting(z.string(), "mnist-cnn", "the name of a model"),
  /** `none`, `imagenet`, a file, or `auto`: of photos `imagenet` where the model has official weights, else `none` */
  weights: setting(z.string().min(1), "auto", "auto, none, imagenet or a file"),
  /** Whether of a file that has both, the averaged weights (EMA) are taken */
  emaWeights: setting(flag, false, "true or false"),
  /** Whether inception_v3 takes images as torchvision's trained weights do; `auto`: as the file says, else as those do */
  transformInput: choice(TRANSFORM_INPUT, "auto"),
  /** `none`, `backbone`, or the name of the last layer that keeps its weights */
  freeze: setting(z.string().min(1), "none", "none, backbone or the name of a layer"),
  /** The first epoch, counted from 1, in which everything is trained; 0: `freeze` holds to the end */
  unfreezeAt: from(0, 0),
  /** The learning rate from then on; 0: as before */
  unfreezeLearningRate: setting(number.min(0).finite(), 0, "a number of at least 0"),
  /** What batch normalisation uses in training: `auto` the batch, but where its layer is frozen the running statistics */
  batchNorm: choice(["auto", "train", "frozen"], "auto"),
  epochs: from(1, 3),
  batchSize: from(1, 64),
  /** Batches that make one step together */
  accumulate: from(1, 1),
  optimizer: choice(OPTIMIZER_NAMES, "adam"),
  learningRate: setting(number.positive().finite(), 0.001, "a number above 0"),
  /** Factors of the learning rate by layer, such as `backbone:0.1,layer4:0.5`; the last that fits counts */
  layerRates: setting(z.string(), "none", "none, or layers with factors such as backbone:0.1,layer4:0.5"),
  momentum: setting(number.min(0).max(1), 0, "a number in 0..1"),
  weightDecay: setting(number.min(0).finite(), 0, "a number of at least 0"),
  schedule: setting(z.string(), "none", "a schedule"),
  /** Share of every class in the target */
  labelSmoothing: setting(number.min(0).lt(1), 0, "a number of at least 0 and below 1"),
  classWeights: choice(["none", "balanced"], "none"),
  sampling: choice(["plain", "balanced"], "plain"),
  /** The largest norm of the gradients; 0: any */
  clipNorm: setting(number.min(0).finite(), 0, "a number of at least 0"),
  /** Of the moving averages of the weights; 0: none */
  averageDecay: setting(number.min(0).lt(1), 0, "a number of at least 0 and below 1"),
  /** Epochs without a better accuracy after which a run ends; 0: never */
  patience: from(0, 0),
  augment: choice(AUGMENTATIONS, "none"),
  /** Probability with which a rectangle of a photo is overwritten */
  erase: setting(number.min(0).max(1), 0, "a number in 0..1"),
  /** The parameter of MixUp's Beta distribution; 0: no MixUp */
  mixup: setting(number.min(0).finite(), 0, "a number of at least 0"),
  cutmix: setting(number.min(0).finite(), 0, "a number of at least 0"),
  /** Side of what the network sees, in pixels; 0: the model's own */
  size: from(0, 0),
  /** Whether photos are turned as their EXIF data says */
  exif: setting(flag, true, "true or false"),
  /**
   * Where the features of a frozen part are kept, which are computed once, and decoded photos (in memory either way); `none` computes and
   * decodes in each epoch
   */
  cache: choice(["disk", "ram", "none"], "disk"),
  /** Augmented views of each photo whose features are computed once; 0: every epoch has its own */
  views: from(0, 0),
  badFiles: choice(["fail", "skip"], "fail"),
  /** Of each class for validation, where photos have no validation set of their own */
  valShare: setting(number.gt(0).lt(1), 0.2, "a number between 0 and 1"),
  shuffle: setting(flag, true, "true or false"),
  rawPixels: setting(flag, false, "true or false"),
  /** Whether rows and columns of IDX images are exchanged */
  transpose: setting(flag, false, "true or false"),
  /** 0: no limit */
  maxSteps: from(0, 0),
  /** 0: only at the end of an epoch */
  evalEvery: from(0, 300),
  seed: setting(wholeFrom(0).max(2 ** 53 - 1), 0, "a whole number of at least 0"),
  /** Threads that make batches; `auto`: one for each core for photos, none for what is in memory */
  workers: setting(z.union([wholeFrom(0).max(64), z.literal("auto")]), "auto", "auto or a whole number in 0..64"),
  threads: setting(wholeFrom(1).max(1024), availableParallelism(), "a whole number of at least 1"),
  engine: choice(["auto", ...ENGINE_NAMES], "auto"),
  precision: choice(PRECISIONS, "fp32"),
  /** Whether the onnx engine measures which algorithm is fastest for each convolution */
  tune: setting(flag, true, "true or false"),
};

/** The settings of a run. */
export type TrainConfig = { readonly [Name in keyof typeof SETTINGS]: z.infer<(typeof SETTINGS)[Name]["type"]> };
/** Name of a setting. */
export type SettingName = keyof TrainConfig;

/** Names of all settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];
