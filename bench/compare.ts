/**
 * One training step of mnist-cnn in ocelli and in PyTorch, in turn, on this machine; writes bench/RESULTS.md.
 *
 * Run: npm run bench -- [--python PATH] [--rounds 5] [--steps 100] [--batch 64] [--threads N]
 * Nothing else should be running. Without PyTorch it says so and measures nothing.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { machine, median, versionOf } from "./facts.ts";

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
  readonly rounds: number;
  readonly steps: number;
  readonly batch: number;
  readonly threads: number;
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      python: { type: "string", default: "python3" },
      rounds: { type: "string", default: "5" },
      steps: { type: "string", default: "100" },
      batch: { type: "string", default: "64" },
      threads: { type: "string", default: String(availableParallelism()) },
    },
  });
  const { python, rounds, steps, batch, threads } = values;
  return { python, rounds: Number(rounds), steps: Number(steps), batch: Number(batch), threads: Number(threads) };
}

/** What PyTorch takes in each of its memory layouts; undefined where it is not installed. */
function measurePytorch({ python, steps, batch, threads }: Settings): PytorchMeasured[] | undefined {
  const numbers = [`--steps=${steps}`, `--batch=${batch}`, `--threads=${threads}`];
  const { stdout, stderr, error } = spawnSync(python, ["bench/pytorch-step.py", ...numbers], { encoding: "utf8" });
  if (error || stderr.startsWith("skipped")) return undefined;
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length === 0) throw new Error(`${python} bench/pytorch-step.py:\n${stderr}`);
  return lines.map((line) => JSON.parse(line) as PytorchMeasured);
}

function measureOcelli({ steps, batch, threads }: Settings): Measured {
  const options = [`--steps=${steps}`, `--batch-size=${batch}`, `--threads=${threads}`];
  const args = ["dist/cli/main.js", "bench", "--model=mnist-cnn", "--job=train", "--json", ...options];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured;
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;

/** The text of RESULTS.md. */
function report(rounds: readonly Round[], { steps, batch, threads }: Settings, pytorchVersion: string): string {
  const layouts = Object.keys(rounds[0]?.pytorch ?? {});
  const timesOf = (layout: string): number[] => rounds.map(({ pytorch }) => pytorch[layout] ?? Number.NaN);
  const [better = ""] = layouts.toSorted((a, b) => median(timesOf(a)) - median(timesOf(b)));
  const ocelli = median(rounds.map((round) => round.ocelli));
  const pytorch = median(timesOf(better));
  const ratios = rounds.map((round) => round.ocelli / (round.pytorch[better] ?? Number.NaN));
  const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# One training step of mnist-cnn",
    "",
    `Batches of ${batch} images, ${threads} threads, Adam: forward, loss, backward and update, without data loading.`,
    `Each round runs PyTorch in each of its memory layouts, then ocelli, in processes of their own: the median of ${steps} steps.`,
    "Made by `npm run bench`; remade whenever the engine changes.",
    "",
    row("round", "ocelli", ...layouts.map((layout) => `PyTorch, ${layout}`)),
    row("---", "---", ...layouts.map(() => "---")),
    ...rounds.map((round, index) =>
      row(index + 1, ms(round.ocelli), ...layouts.map((layout) => ms(round.pytorch[layout] ?? Number.NaN))),
    ),
    row("median", ms(ocelli), ...layouts.map((layout) => ms(median(timesOf(layout))))),
    "",
    `ocelli takes **${(ocelli / pytorch).toFixed(2)} times** as long as PyTorch in its better layout (${better}); ` +
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in single rounds.`,
    "",
    `- machine: ${machine()}`,
    `- versions: ocelli ${versionOf("../package.json")}, Node ${process.version}, onnxruntime-node ${versionOf("onnxruntime-node/package.json")}, PyTorch ${pytorchVersion}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    "",
  ].join("\n");
}

function compare(): void {
  const settings = readSettings();
  const rounds: Round[] = [];
  let version = "";
  for (let round = 0; round < settings.rounds; round++) {
    const measured = measurePytorch(settings);
    if (!measured) {
      console.log(`skipped: "${settings.python}" is not a Python with PyTorch; name one with --python PATH.`);
      return;
    }
    version = measured[0]?.version ?? "";
    const pytorch = Object.fromEntries(measured.map(({ layout, medianMs }) => [layout, medianMs]));
    const ocelli = measureOcelli(settings).medianMs;
    rounds.push({ ocelli, pytorch });
    const shown = Object.entries(pytorch).map(([layout, time]) => `PyTorch ${layout} ${ms(time)}`);
    console.log(`round ${round + 1}: ocelli ${ms(ocelli)}, ${shown.join(", ")}`);
  }
  const file = new URL("RESULTS.md", import.meta.url);
  writeFileSync(file, report(rounds, settings, version));
  console.log(`\n${readFileSync(file, "utf8")}`);
}

compare();
