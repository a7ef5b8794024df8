/**
 * Decoding and augmenting photos in ocelli and with torchvision on Pillow, in turn, on this machine; writes
 * bench/RESULTS-data.md.
 *
 * Run: npm run bench:data -- FOLDER [--python PATH] [--rounds 5] [--steps 120] [--batch 16] [--workers 2]
 * FOLDER has train/ and val/ with a folder for each class. Nothing else should be running. Without torchvision it says so and
 * measures nothing.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { machine, median, versionOf } from "./facts.ts";

interface Measured {
  readonly imagesPerSecond: number;
}

interface TorchvisionMeasured extends Measured {
  readonly version: string;
  readonly pillow: string;
}

interface Round {
  readonly ocelli: number;
  readonly torchvision: number;
}

interface Settings {
  readonly folder: string;
  readonly python: string;
  readonly rounds: number;
  readonly steps: number;
  readonly batch: number;
  readonly workers: number;
}

function readSettings(): Settings {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      python: { type: "string", default: "python3" },
      rounds: { type: "string", default: "5" },
      steps: { type: "string", default: "120" },
      batch: { type: "string", default: "16" },
      workers: { type: "string", default: "2" },
    },
  });
  const [folder] = positionals;
  if (!folder) throw new Error("expected a folder of photos: npm run bench:data -- FOLDER");
  const { python, rounds, steps, batch, workers } = values;
  return {
    folder,
    python,
    rounds: Number(rounds),
    steps: Number(steps),
    batch: Number(batch),
    workers: Number(workers),
  };
}

/** undefined where torchvision is not installed. */
function measureTorchvision({ folder, python, steps, batch, workers }: Settings): TorchvisionMeasured | undefined {
  const numbers = [`--steps=${steps}`, `--batch=${batch}`, `--workers=${workers}`];
  const { stdout, stderr, error } = spawnSync(python, ["bench/pytorch-data.py", folder, ...numbers], {
    encoding: "utf8",
  });
  if (error || stderr.startsWith("skipped")) return undefined;
  if (!stdout.startsWith("{")) throw new Error(`${python} bench/pytorch-data.py:\n${stderr}`);
  return JSON.parse(stdout) as TorchvisionMeasured;
}

function measureOcelli({ folder, steps, batch, workers }: Settings): Measured {
  const numbers = [`--steps=${steps}`, `--batch-size=${batch}`, `--workers=${workers}`];
  const args = ["dist/cli/main.js", "bench", "--job=data", `--data=${folder}`, "--augment=seed", "--json", ...numbers];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured;
}

/** The text of RESULTS-data.md. */
function report(
  rounds: readonly Round[],
  { steps, batch, workers }: Settings,
  { version, pillow }: TorchvisionMeasured,
): string {
  const ocelli = median(rounds.map((round) => round.ocelli));
  const torchvision = median(rounds.map((round) => round.torchvision));
  const ratios = rounds.map((round) => round.ocelli / round.torchvision);
  const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# Decoding and augmenting photos",
    "",
    `The training photos of ants and bees (hymenoptera_data) to 224×224 by the augmentation \`seed\`; batches of ${batch}, ${workers} workers:`,
    "threads in ocelli, processes of a DataLoader in PyTorch. Each round runs torchvision, then ocelli, in processes of their",
    `own, ${steps} batches after 10 that do not count. Images per second; made by \`npm run bench:data\`.`,
    "",
    row("round", "ocelli", "torchvision"),
    row("---", "---", "---"),
    ...rounds.map((round, index) => row(index + 1, round.ocelli, round.torchvision)),
    row("median", ocelli, torchvision),
    "",
    `ocelli makes **${(ocelli / torchvision).toFixed(2)} times** as many images as torchvision; ` +
      `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in single rounds.`,
    "",
    `- machine: ${machine()}; ${loadavg()[0]?.toFixed(1)} processes wanted to run at the end, the ${workers} workers among them`,
    `- versions: ocelli ${versionOf("../package.json")}, Node ${process.version}, sharp ${sharp.versions.sharp}, torchvision ${version}, Pillow ${pillow}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    "",
  ].join("\n");
}

function compare(): void {
  const settings = readSettings();
  const rounds: Round[] = [];
  let measured: TorchvisionMeasured | undefined;
  for (let round = 0; round < settings.rounds; round++) {
    measured = measureTorchvision(settings);
    if (!measured) {
      console.log(`skipped: "${settings.python}" is not a Python with torchvision; name one with --python PATH.`);
      return;
    }
    const ocelli = measureOcelli(settings).imagesPerSecond;
    rounds.push({ ocelli, torchvision: measured.imagesPerSecond });
    console.log(`round ${round + 1}: ocelli ${ocelli}, torchvision ${measured.imagesPerSecond} images/s`);
  }
  if (!measured) return;
  const file = new URL("RESULTS-data.md", import.meta.url);
  writeFileSync(file, report(rounds, settings, measured));
  console.log(`\n${readFileSync(file, "utf8")}`);
}

compare();
