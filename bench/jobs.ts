/** The jobs that ocelli and PyTorch are compared at, with the ratios that the project aims at. */

/** How a side is asked for a figure: a script with arguments, and the key of its JSON; without one the seconds of the whole process count. */
export interface Measurement {
  readonly args: readonly string[];
  readonly figure?: "medianMs" | "imagesPerSecond";
}

/** One row of the report. */
export interface Job {
  readonly name: string;
  readonly title: string;
  /** PyTorch's time ÷ ocelli's that is aimed at, with the engine that `auto` takes where libdnnl is, and with onnx. */
  readonly aims: { readonly auto?: number; readonly onnx?: number };
  /** ocelli's command with an engine. */
  readonly ocelli: (engine: string) => Measurement;
  /** PyTorch's command in each of its layouts. */
  readonly pytorch: Readonly<Record<string, Measurement>>;
  /** Network, images of a step and passes: what the share of the machine's limit is computed of. */
  readonly work?: { readonly model: string; readonly batch: number; readonly job: "train" | "eval" };
}

/** What all jobs have in common. */
export interface JobOptions {
  readonly threads: number;
  /** Steps that are measured of a network, at most; undefined for each job's own number. */
  readonly steps: number | undefined;
  /** A folder of photos with train/ and val/. */
  readonly photos: string | undefined;
  /** A folder that nobody needs afterwards. */
  readonly scratch: string;
}

const LAYOUTS = ["default", "channels_last"] as const;

const byLayout = (measurement: (layout: string) => Measurement): Record<string, Measurement> =>
  Object.fromEntries(LAYOUTS.map((layout) => [layout, measurement(layout)]));

/** A step or a forward pass of a network. */
function networkJob(
  { model, job, batch, steps, optimizer = "sgd", precision = "fp32" }: NetworkJob,
  { threads, steps: most = steps }: JobOptions,
): Omit<Job, "aims"> {
  const kind = job === "train" ? "training step, all layers" : "forward pass";
  const common = [`--model=${model}`, `--job=${job}`, `--optimizer=${optimizer}`, `--precision=${precision}`];
  const numbers = [`--steps=${Math.min(steps, most)}`, `--threads=${threads}`];
  return {
    name: `${model}-${job}${precision === "fp32" ? "" : `-${precision}`}`,
    title: `${model}, ${kind}, batch ${batch}${precision === "fp32" ? "" : `, ${precision}`}`,
    ocelli: (engine) => ({
      args: ["bench", ...common, ...numbers, `--batch-size=${batch}`, `--engine=${engine}`, "--json"],
      figure: "medianMs",
    }),
    pytorch: byLayout((layout) => ({
      args: ["bench/pytorch-model.py", ...common, ...numbers, `--batch=${batch}`, `--layout=${layout}`],
      figure: "medianMs",
    })),
    work: { model, batch, job },
  };
}

interface NetworkJob {
  readonly model: string;
  readonly job: "train" | "eval";
  readonly batch: number;
  readonly steps: number;
  readonly optimizer?: "sgd" | "adam";
  readonly precision?: "fp32" | "bf16";
}

const TRAINED = ["resnet152", "densenet121", "vgg16", "inception_v3"];
const EVALUATED = [
  "resnet18",
  "resnet152",
  "alexnet",
  "vgg16",
  "vgg19",
  "squeezenet1_0",
  "densenet121",
  "inception_v3",
];

let runs = 0;

/** The seed's transfer learning as a whole command. */
function transferJob({ threads, scratch }: JobOptions, photos: string, epochs: number): Omit<Job, "aims"> {
  const cached = 1 < epochs;
  const augment = cached ? "none" : "seed";
  const settings = [
    "--model=resnet18",
    "--weights=none",
    "--freeze=backbone",
    "--optimizer=sgd",
    "--momentum=0.9",
    "--lr=0.001",
  ];
  const numbers = [`--epochs=${epochs}`, "--batch-size=16", `--threads=${threads}`, `--augment=${augment}`];
  return {
    name: cached ? "transfer-cached" : "transfer",
    title: `resnet18, frozen backbone, ${epochs} epoch${cached ? "s, augmentation none: features kept against none kept" : ", augmentation seed"}, whole command`,
    ocelli: (engine) => ({
      args: ["train", photos, ...settings, ...numbers, `--engine=${engine}`, `--out=${scratch}/run-${runs++}`],
    }),
    pytorch: byLayout((layout) => ({
      args: [
        ...["bench/pytorch-transfer.py", photos, `--epochs=${epochs}`, `--threads=${threads}`],
        ...[`--augment=${augment}`, `--layout=${layout}`],
      ],
    })),
  };
}

/** Decoding and augmenting alone, two workers each. */
function dataJob(photos: string): Omit<Job, "aims"> {
  const numbers = ["--steps=120", "--workers=2"];
  return {
    name: "data",
    title: "photos decoded and augmented (seed), 2 workers",
    ocelli: () => ({
      args: ["bench", "--job=data", `--data=${photos}`, "--augment=seed", "--batch-size=16", ...numbers, "--json"],
      figure: "imagesPerSecond",
    }),
    pytorch: {
      default: { args: ["bench/pytorch-data.py", photos, "--batch=16", ...numbers], figure: "imagesPerSecond" },
    },
  };
}

/** All jobs; those on photos only where there are some. */
export function jobsOf(options: JobOptions): Job[] {
  const mnist: NetworkJob = { model: "mnist-cnn", job: "train", batch: 64, steps: 100, optimizer: "adam" };
  const resnet18: NetworkJob = { model: "resnet18", job: "train", batch: 16, steps: 8 };
  const { photos } = options;
  return [
    { ...networkJob(mnist, options), aims: { auto: 1.5, onnx: 1.2 } },
    { ...networkJob(resnet18, options), aims: { auto: 1.2, onnx: 0.9 } },
    { ...networkJob({ ...resnet18, precision: "bf16" }, options), aims: { auto: 1.2 } },
    ...TRAINED.map((model) => ({
      ...networkJob({ model, job: "train", batch: 8, steps: 3 }, options),
      aims: { auto: 1.1, onnx: 0.75 },
    })),
    ...EVALUATED.map((model) => ({
      ...networkJob({ model, job: "eval", batch: 8, steps: 10 }, options),
      aims: { auto: 1.15, onnx: 1.15 },
    })),
    ...(photos === undefined
      ? []
      : [
          { ...dataJob(photos), aims: { auto: 1 } },
          { ...transferJob(options, photos, 1), aims: { auto: 1.3, onnx: 1.3 } },
          { ...transferJob(options, photos, 25), aims: { auto: 10, onnx: 10 } },
        ]),
  ];
}
