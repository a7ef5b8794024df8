/** How each setting is called on the command line, and what people are told of it: `--help` and the dashboard's form say the same. */
import type { SettingName } from "./settings.ts"; // its types alone: the command line reads this file before it needs anything large

/** A setting for people. */
export interface SettingFlag {
  /** `--lr`, or `DATA` for what stands without a flag. */
  readonly flag: string;
  /** What stands for its value, such as `rate`; undefined for a switch. */
  readonly value?: string;
  /** What `--help` says of it. */
  readonly text: string;
  /** What a number counts or measures. */
  readonly unit?: string;
  /** Between which numbers it lies, where that is not plain. */
  readonly range?: string;
}

/** Every setting, in the order of `ocelli train --help`. */
export const SETTING_FLAGS: Readonly<Record<SettingName, SettingFlag>> = {
  data: { flag: "DATA", text: "mnist, fashion-mnist, digits, a folder of IDX files, or photos (default: digits)" },
  model: {
    ...{ flag: "--model", value: "name" },
    text: "a name of `ocelli models` (default: mnist-cnn; for photos resnet18)",
  },
  weights: {
    ...{ flag: "--weights", value: "name" },
    text: "none, imagenet (fetched once) or a .pth, .safetensors or .onnx file (default: none; for photos imagenet)",
  },
  emaWeights: { flag: "--ema-weights", text: "of a file that has both, take the averaged weights (EMA)" },
  transformInput: {
    ...{ flag: "--transform-input", value: "form" },
    text: "of inception_v3's weights: auto (as the file says, else yes), yes or no (default: auto)",
  },
  freeze: {
    ...{ flag: "--freeze", value: "layers" },
    text: "none, backbone, or a layer: it and all before it keep their weights (default: none)",
  },
  unfreezeAt: {
    ...{ flag: "--unfreeze-at", value: "epoch", unit: "epoch" },
    text: "the first epoch in which all layers are trained",
  },
  unfreezeLearningRate: { flag: "--unfreeze-lr", value: "rate", text: "the learning rate from then on" },
  batchNorm: {
    ...{ flag: "--bn", value: "form" },
    text: "batch normalisation by the batch: auto (not where frozen), train or frozen (default: auto)",
  },
  layerRates: {
    ...{ flag: "--layer-lr", value: "factors" },
    text: "factors of the learning rate, such as backbone:0.1,layer4:0.5",
  },
  epochs: {
    ...{ flag: "--epochs", value: "count", unit: "epochs" },
    text: "passes over the training images (default: 3; for photos 15)",
  },
  batchSize: {
    ...{ flag: "--batch-size", value: "count", unit: "images" },
    text: "images of a batch (default: 64; for photos 16)",
  },
  accumulate: {
    ...{ flag: "--accumulate", value: "count", unit: "batches" },
    text: "batches that make one step (default: 1)",
  },
  optimizer: { flag: "--optimizer", value: "name", text: "sgd, adam or adamw (default: adam; for photos sgd)" },
  learningRate: { flag: "--lr", value: "rate", text: "learning rate (default: 0.001; for photos 0.002)" },
  momentum: { flag: "--momentum", value: "share", text: "of sgd (default: 0; for photos 0.9)", range: "0 to 1" },
  weightDecay: { flag: "--weight-decay", value: "rate", text: "pulls weights towards 0 (default: 0)" },
  schedule: {
    ...{ flag: "--schedule", value: "form" },
    text: "none, step:7:0.1, multistep:3,6:0.1, cosine, onecycle, plateau, warmup:1+cosine (default: none; for photos cosine)",
  },
  labelSmoothing: {
    ...{ flag: "--label-smoothing", value: "share", range: "0 to 1" },
    text: "share of every class in the target (default: 0)",
  },
  classWeights: {
    ...{ flag: "--class-weights", value: "form" },
    text: "weigh classes in the loss: none or balanced (default: none)",
  },
  sampling: {
    ...{ flag: "--sampling", value: "form" },
    text: "plain, or balanced: all classes equally often (default: plain)",
  },
  clipNorm: { flag: "--clip", value: "norm", text: "the largest norm of the gradients (default: any)" },
  averageDecay: {
    ...{ flag: "--ema", value: "decay", range: "0 to 1" },
    text: "evaluate moving averages of the weights, such as 0.999 (default: no)",
  },
  patience: {
    ...{ flag: "--patience", value: "epochs", unit: "epochs" },
    text: "stop after so many epochs without a better accuracy (default: never)",
  },
  augment: {
    ...{ flag: "--augment", value: "name" },
    text: "seed, standard, trivial, rand or none (default: none; for photos standard)",
  },
  erase: {
    ...{ flag: "--erase", value: "probability", range: "0 to 1" },
    text: "overwrite a rectangle of photos (default: 0)",
  },
  mixup: { flag: "--mixup", value: "alpha", text: "mix images and labels (default: no)" },
  cutmix: { flag: "--cutmix", value: "alpha", text: "paste parts of images into others (default: no)" },
  size: {
    ...{ flag: "--size", value: "pixels", unit: "pixels" },
    text: "side of what the network sees of photos (default: the model's)",
  },
  exif: { flag: "--no-exif", text: "leave photos as they are stored, as torchvision does" },
  cache: {
    ...{ flag: "--cache", value: "place" },
    text: "keep decoded photos, in memory, and what a frozen part makes of them: disk, ram or none (default: disk)",
  },
  views: {
    ...{ flag: "--views", value: "count", unit: "views" },
    text: "with augmentation: so many views of each photo, computed once (default: 0, always new ones)",
  },
  badFiles: {
    ...{ flag: "--bad-files", value: "policy" },
    text: "photos that cannot be decoded: fail or skip (default: fail)",
  },
  valShare: {
    ...{ flag: "--val-share", value: "share", range: "0 to 1" },
    text: "for validation, where photos have no validation set (default: 0.2)",
  },
  shuffle: { flag: "--no-shuffle", text: "take the images in the order of the data set" },
  rawPixels: { flag: "--raw-pixels", text: "give pixels as 0..255 and not as 0..1" },
  transpose: { flag: "--transpose", text: "exchange rows and columns of IDX images, which EMNIST stores so" },
  maxSteps: { flag: "--max-steps", value: "count", text: "stop after so many steps", unit: "steps" },
  evalEvery: {
    ...{ flag: "--eval-every", value: "steps", unit: "steps" },
    text: "evaluate also within an epoch; 0 for never (default: 300; for photos 0)",
  },
  seed: { flag: "--seed", value: "number", text: "of weights, order, augmentation and dropout (default: 0)" },
  workers: {
    ...{ flag: "--workers", value: "count", unit: "threads" },
    text: "threads that make batches (default: auto, one per core for photos)",
  },
  engine: { flag: "--engine", value: "name", text: "auto, onnx, onednn or reference (default: auto)" },
  precision: {
    ...{ flag: "--precision", value: "name" },
    text: "fp32, or bf16 on the onednn engine (default: fp32)",
  },
  tune: {
    flag: "--no-tune",
    text: "do not measure which algorithm of the onnx engine is fastest for each convolution",
  },
  threads: {
    ...{ flag: "--threads", value: "count", unit: "threads" },
    text: "threads that compute (default: all cores)",
  },
};

/** Settings that a run keeps to its end: they decide what the network is, what it sees and how the data are divided. */
export const FIXED_SETTINGS: readonly SettingName[] = [
  ...(["model", "emaWeights", "transformInput", "size", "exif", "rawPixels", "transpose", "valShare", "seed"] as const),
];

const isSetting = (name: string): name is SettingName => Object.hasOwn(SETTING_FLAGS, name);

/** The flag of a setting: `--batch-size` of `batchSize`; what is no setting is called as it is. */
export const flagOf = (setting: string): string => (isSetting(setting) ? SETTING_FLAGS[setting].flag : setting);

/** Whether the flag of a switch turns it off, since it is on by itself. */
export const turnsOff = ({ flag }: SettingFlag): boolean => flag.startsWith("--no-");

/** Values that are texts; what stands for any other value stands for a number. */
const TEXTS = ["name", "layers", "form", "factors", "place", "policy"];

/** Whether a flag takes a number. */
export const takesNumber = ({ value }: SettingFlag): boolean => value !== undefined && !TEXTS.includes(value);

/** The arguments of `ocelli train` that ask for these settings. */
export function trainingArguments({ data, ...settings }: Readonly<Record<string, unknown>>): string[] {
  const flags = Object.entries(settings).flatMap(([name, value]) => {
    if (typeof value !== "boolean" || !isSetting(name)) return [`${flagOf(name)}=${value}`];
    return value === turnsOff(SETTING_FLAGS[name]) ? [] : [flagOf(name)];
  });
  return [...flags, ...(data === undefined ? [] : ["--", String(data)])];
}
