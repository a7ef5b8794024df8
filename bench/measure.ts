/** Runs one side of a comparison and reads what it measured. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measurement } from "./jobs.ts";

/** What a run found. */
export interface Measured {
  /** Milliseconds of a step, images per second, or seconds of the whole process. */
  readonly figure: number;
  readonly peakRssMiB?: number;
  readonly compileMs?: number;
  /** The engine that ocelli took. */
  readonly engine?: string;
  /** PyTorch's version. */
  readonly version?: string;
}

/** What either side prints. */
type Printed = Partial<Record<"medianMs" | "imagesPerSecond", number>> & Omit<Measured, "figure">;

/** Runs a command to its end; undefined where it says that it is skipped or refuses. */
function run(
  command: string,
  args: readonly string[],
  env: object = {},
): { seconds: number; printed: Printed } | undefined {
  const began = performance.now();
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  const seconds = (performance.now() - began) / 1000;
  if (error || stderr.startsWith("skipped")) return undefined;
  if (status !== 0) {
    console.log(
      `${[command, ...args].join(" ")}: exit code ${status}\n${stderr.trim().split("\n").slice(-2).join("\n")}`,
    );
    return undefined;
  }
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  return { seconds, printed: line === undefined ? {} : (JSON.parse(line) as Printed) };
}

const measuredOf = (found: ReturnType<typeof run>, { figure }: Measurement): Measured | undefined =>
  found && { ...found.printed, figure: figure === undefined ? found.seconds : (found.printed[figure] ?? Number.NaN) };

/** What ocelli takes, with a cache of its own that is empty at first. */
export function measureOcelli(measurement: Measurement): Measured | undefined {
  const cache = mkdtempSync(join(tmpdir(), "ocelli-bench-cache-"));
  try {
    const found = run(process.execPath, ["dist/cli/main.js", ...measurement.args], { OCELLI_CACHE: cache });
    return measuredOf(found, measurement);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** What PyTorch takes; undefined where it is not installed for that Python. */
export const measurePytorch = (python: string, measurement: Measurement): Measured | undefined =>
  measuredOf(run(python, measurement.args), measurement);

/** Whether that is a Python with PyTorch and torchvision. */
export const hasPytorch = (python: string): boolean => run(python, ["bench/pytorch-model.py", "--help"]) !== undefined;
