/** The flags of training settings. */
import { type Command, Option } from "@commander-js/extra-typings";
import { numeric, threadsOption } from "./options.ts";

/** A number as a number, anything else as it is. */
const countOrAuto = (text: string): number | string => (text === "auto" ? text : numeric(text));

type Parser = (text: string) => number | string;

/** Each flag with what `--help` says of it, and how its value is read. */
const FLAGS: readonly (readonly [flag: string, description: string, parser?: Parser])[] = [
  ["--model <name>", "a name of `ocelli models` (default: mnist-cnn; for photos resnet18)"],
  ["--weights <name>", "none, imagenet (fetched once) or a .pth, .safetensors or .onnx file (default: none)"],
  ["--freeze <layers>", "none, backbone, or a layer: it and all before it keep their weights (default: none)"],
  ["--unfreeze-at <epoch>", "the first epoch in which all layers are trained", numeric],
  ["--unfreeze-lr <rate>", "the learning rate from then on", numeric],
  ["--bn <form>", "batch normalisation by the batch: auto (not where frozen), train or frozen (default: auto)"],
  ["--layer-lr <factors>", "factors of the learning rate, such as backbone:0.1,layer4:0.5"],
  ["--epochs <count>", "passes over the training images (default: 3; for photos 15)", numeric],
  ["--batch-size <count>", "images of a batch (default: 64; for photos 16)", numeric],
  ["--accumulate <count>", "batches that make one step (default: 1)", numeric],
  ["--optimizer <name>", "sgd, adam or adamw (default: adam; for photos sgd)"],
  ["--lr <rate>", "learning rate (default: 0.001; for photos 0.002)", numeric],
  ["--momentum <share>", "of sgd (default: 0; for photos 0.9)", numeric],
  ["--weight-decay <rate>", "(default: 0)", numeric],
  [
    "--schedule <form>",
    "none, step:7:0.1, multistep:3,6:0.1, cosine, onecycle, plateau, warmup:1+cosine (default: none; for photos cosine)",
  ],
  ["--label-smoothing <share>", "(default: 0)", numeric],
  ["--class-weights <form>", "weigh classes in the loss: none or balanced (default: none)"],
  ["--sampling <form>", "plain, or balanced: all classes equally often (default: plain)"],
  ["--clip <norm>", "the largest norm of the gradients (default: any)", numeric],
  ["--ema <decay>", "evaluate moving averages of the weights, such as 0.999 (default: no)", numeric],
  ["--patience <epochs>", "stop after so many epochs without a better accuracy (default: never)", numeric],
  ["--augment <name>", "seed, standard, trivial, rand or none (default: none; for photos standard)"],
  ["--erase <probability>", "overwrite a rectangle of photos (default: 0)", numeric],
  ["--mixup <alpha>", "mix images and labels (default: no)", numeric],
  ["--cutmix <alpha>", "paste parts of images into others (default: no)", numeric],
  ["--size <pixels>", "side of what the network sees of photos (default: the model's)", numeric],
  ["--no-exif", "leave photos as they are stored, as torchvision does"],
  [
    "--cache <place>",
    "keep decoded photos, in memory, and what a frozen part makes of them: disk, ram or none (default: disk)",
  ],
  [
    "--views <count>",
    "with augmentation: so many views of each photo, computed once (default: 0, always new ones)",
    numeric,
  ],
  ["--bad-files <policy>", "photos that cannot be decoded: fail or skip (default: fail)"],
  ["--val-share <share>", "for validation, where photos have no validation set (default: 0.2)", numeric],
  ["--no-shuffle", "take the images in the order of the data set"],
  ["--raw-pixels", "give pixels as 0..255 and not as 0..1"],
  ["--max-steps <count>", "stop after so many steps", numeric],
  ["--eval-every <steps>", "evaluate also within an epoch; 0 for never (default: 300; for photos 0)", numeric],
  ["--seed <number>", "of weights, order, augmentation and dropout (default: 0)", numeric],
  ["--workers <count>", "threads that make batches (default: auto, one per core for photos)", countOrAuto],
  ["--engine <name>", "auto, onnx, onednn or reference (default: auto)"],
  ["--precision <name>", "fp32, or bf16 on the onednn engine (default: fp32)"],
  ["--no-tune", "do not measure which algorithm of the onnx engine is fastest for each convolution"],
];

/** How settings are called on the command line, where it is not their name in kebab-case. */
const NAMES: Readonly<Record<string, string>> = {
  data: "DATA",
  learningRate: "--lr",
  unfreezeLearningRate: "--unfreeze-lr",
  batchNorm: "--bn",
  layerRates: "--layer-lr",
  averageDecay: "--ema",
  clipNorm: "--clip",
};

/** The flag of a setting: `--batch-size` of `batchSize`. */
export const flagOf = (setting: string): string =>
  NAMES[setting] ?? `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The arguments of `ocelli train` that ask for these settings. */
export function trainingArguments({ data, ...settings }: Readonly<Record<string, unknown>>): string[] {
  const flags = Object.entries(settings).flatMap(([name, value]) => {
    const isSwitch = typeof value === "boolean";
    if (!isSwitch) return [`${flagOf(name)}=${value}`];
    // what is on by itself is switched off with --no-…, and the other way round
    return name === "rawPixels" ? (value ? [flagOf(name)] : []) : value ? [] : [`--no-${name}`];
  });
  return [...flags, ...(data === undefined ? [] : ["--", String(data)])];
}

/** What the flags give: `shuffle`, `exif` and `tune` are `true` where `--no-shuffle`, `--no-exif` and `--no-tune` are not given. */
export type TrainingFlags = Readonly<Record<string, unknown>>;

/** Which flags a command has. */
interface FlagChoice {
  /** Settings that have none. */
  readonly without?: readonly string[];
  /** Whether a run goes on, whose settings stay as they are by default. */
  readonly isResumed?: boolean;
}

/** Adds the flags of all settings to a command. */
export function trainingOptions<Args extends unknown[]>(
  command: Command<Args>,
  { without = [], isResumed = false }: FlagChoice = {},
): Command<Args, TrainingFlags> {
  const left = without.map((name) => flagOf(name));
  for (const [flag, description, parser] of FLAGS) {
    const [name = ""] = flag.replace("--no-", "--").split(" ");
    if (left.includes(name)) continue;
    const option = new Option(flag, isResumed ? description.replace(/ ?\(default: .*\)$/, "") : description);
    command.addOption(parser ? option.argParser<number | string>(parser) : option);
  }
  return command.addOption(threadsOption) as unknown as Command<Args, TrainingFlags>;
}

/** The settings that flags ask for, by the settings' names; undefined where a flag was not given. */
export function settingsOf(flags: TrainingFlags): Record<string, unknown> {
  const { lr, unfreezeLr, bn, layerLr, ema, clip, shuffle, exif, tune, ...others } = flags;
  return {
    ...others,
    ...{ learningRate: lr, unfreezeLearningRate: unfreezeLr, batchNorm: bn, layerRates: layerLr },
    ...{ averageDecay: ema, clipNorm: clip },
    ...(shuffle === false && { shuffle }),
    ...(exif === false && { exif }),
    ...(tune === false && { tune }),
  };
}
