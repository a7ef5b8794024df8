/**
 * Forward passes of ocelli and of PyTorch, in turn, on this machine; writes bench/RESULTS-inference.md.
 *
 * Run: npm run bench:inference -- [--python PATH] [--models resnet18,vgg16] [--rounds 5] [--steps 10] [--batch 8] [--threads N]
 * Nothing else should be running. Without PyTorch and torchvision it says so and measures nothing.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { machine, median, versionOf } from "./facts.ts";

const MODELS = [
  "mnist-cnn",
  "resnet18",
  "resnet152",
  "alexnet",
  "vgg16",
  "squeezenet1_0",
  "densenet121",
  "inception_v3",
] as const;

interface Measured {
  readonly medianMs: number;
}

interface PytorchMeasured extends Measured {
  readonly version: string;
  readonly layout: string;
}

interface Round {
  readonly ocelli: number;
  /** Of each memory layout. */
  readonly pytorch: Readonly<Record<string, number>>;
}

interface Settings {
  readonly python: string;
  readonly models: readonly string[];
  readonly rounds: number;
  readonly steps: number;
  readonly batch: number;
  readonly threads: number;
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      python: { type: "string", default: "python3" },
      models: { type: "string", default: MODELS.join() },
      rounds: { type: "string", default: "5" },
      steps: { type: "string", default: "10" },
      batch: { type: "string", default: "8" },
      threads: { type: "string", default: String(availableParallelism()) },
    },
  });
  const [rounds, steps, batch, threads] = [values.rounds, values.steps, values.batch, values.threads].map(Number);
  return {
    ...{ python: values.python, models: values.models.split(",") },
    ...{ rounds: rounds ?? 1, steps: steps ?? 1, batch: batch ?? 1, threads: threads ?? 1 },
  };
}

/** Small networks take a fraction of a millisecond: more steps for the same time. */
const stepsOf = (model: string, { steps }: Settings): number => (model === "mnist-cnn" ? 20 * steps : steps);

/** What PyTorch takes in each of its memory layouts; undefined where it is not installed. */
function measurePytorch(model: string, settings: Settings): PytorchMeasured[] | undefined {
  const { python, batch, threads } = settings;
  const numbers = [`--steps=${stepsOf(model, settings)}`, `--batch=${batch}`, `--threads=${threads}`];
  const args = ["bench/pytorch-inference.py", `--models=${model}`, ...numbers];
  const { stdout, stderr, error } = spawnSync(python, args, { encoding: "utf8" });
  if (error || stderr.startsWith("skipped")) return undefined;
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length === 0) throw new Error(`${python} ${args.join(" ")}:\n${stderr}`);
  return lines.map((line) => JSON.parse(line) as PytorchMeasured);
}

function measureOcelli(model: string, settings: Settings): Measured {
  const { batch, threads } = settings;
  const options = [`--steps=${stepsOf(model, settings)}`, `--batch-size=${batch}`, `--threads=${threads}`];
  const args = ["dist/cli/main.js", "bench", `--model=${model}`, "--job=eval", "--json", ...options];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured;
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

/** PyTorch's time in its better layout ÷ ocelli's: of the medians, and the least and the greatest of single rounds. */
function rowOf(model: string, rounds: readonly Round[]): string {
  const layouts = Object.keys(rounds[0]?.pytorch ?? {});
  const timesOf = (layout: string): number[] => rounds.map(({ pytorch }) => pytorch[layout] ?? Number.NaN);
  const [better = ""] = layouts.toSorted((a, b) => median(timesOf(a)) - median(timesOf(b)));
  const ratios = rounds.map((round) => (round.pytorch[better] ?? Number.NaN) / round.ocelli);
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const ocelli = median(rounds.map((round) => round.ocelli));
  return row(
    model,
    ms(ocelli),
    ...layouts.map((layout) => ms(median(timesOf(layout)))),
    `**${median(ratios).toFixed(2)}**`,
    range,
  );
}

/** The text of RESULTS-inference.md. */
function report(found: ReadonlyMap<string, readonly Round[]>, settings: Settings, facts: readonly string[]): string {
  const { rounds, steps, batch, threads } = settings;
  return [
    "# Forward passes",
    "",
    `Batches of ${batch} images, ${threads} threads, fp32, random weights. Each of ${rounds} rounds runs PyTorch in each of its memory layouts`,
    `(evaluation mode, \`torch.inference_mode\`), then ocelli, in processes of their own: the median of ${steps} steps (mnist-cnn: ${20 * steps}).`,
    "The ratio is PyTorch's time in its better layout ÷ ocelli's of the same round: above 1 ocelli is faster. Made by",
    "`npm run bench:inference`; remade whenever the engine changes.",
    "",
    row("network", "ocelli", "PyTorch, default", "PyTorch, channels_last", "ratio, median", "single rounds"),
    row(...Array<string>(6).fill("---")),
    ...Array.from(found, ([model, measured]) => rowOf(model, measured)),
    "",
    ...facts.map((fact) => `- ${fact}`),
    "",
  ].join("\n");
}

function compare(): void {
  const settings = readSettings();
  const found = new Map<string, Round[]>();
  const load = [loadavg()[0] ?? 0];
  let version = "";
  for (let round = 0; round < settings.rounds; round++) {
    for (const model of settings.models) {
      const measured = measurePytorch(model, settings);
      if (!measured) {
        console.log(
          `skipped: "${settings.python}" is not a Python with PyTorch and torchvision; name one with --python PATH.`,
        );
        return;
      }
      version = measured[0]?.version ?? "";
      const pytorch = Object.fromEntries(measured.map(({ layout, medianMs }) => [layout, medianMs]));
      const ocelli = measureOcelli(model, settings).medianMs;
      found.set(model, [...(found.get(model) ?? []), { ocelli, pytorch }]);
      const shown = Object.entries(pytorch).map(([layout, time]) => `PyTorch ${layout} ${ms(time)}`);
      console.log(`round ${round + 1}, ${model}: ocelli ${ms(ocelli)}, ${shown.join(", ")}`);
    }
  }
  load.push(loadavg()[0] ?? 0);
  const file = new URL("RESULTS-inference.md", import.meta.url);
  const facts = [
    `machine: ${machine()}; load average before and after: ${load.map((value) => value.toFixed(1)).join(", ")}`,
    `versions: ocelli ${versionOf("../package.json")}, Node ${process.version}, onnxruntime-node ${versionOf("onnxruntime-node/package.json")}, PyTorch ${version}`,
    `date: ${new Date().toISOString().slice(0, 10)}`,
  ];
  writeFileSync(file, report(found, settings, facts));
  console.log(`\n${readFileSync(file, "utf8")}`);
}

compare();
