/**
 * ocelli and PyTorch at each job of `jobs.ts`, in turn, on this machine; writes bench/RESULTS.md and, for the next time,
 * bench/results.json.
 *
 * Run: npm run bench -- [--python PATH] [--photos FOLDER] [--only mnist,resnet18-train] [--rounds 3] [--threads N] [--engines auto,onnx]
 *      [--steps N] [--out FOLDER]
 * Nothing else should be running. `--only` takes beginnings of names; other rows stay as they were. On a machine
 * where all rows would take a day, `--steps` measures fewer steps of each network, and `--out` leaves the files here as they are.
 * Without PyTorch it says so and measures nothing.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freshPageMicroseconds, machine, versionOf } from "./facts.ts";
import { measureFmaLimit } from "./fma-limit.ts";
import { type Job, jobsOf } from "./jobs.ts";
import { hasPytorch, type Measured, measureOcelli, measurePytorch } from "./measure.ts";
import { type JobResult, type Round, report } from "./report.ts";

interface Settings {
  readonly python: string;
  readonly photos: string | undefined;
  readonly only: readonly string[];
  readonly engines: readonly string[];
  readonly rounds: number;
  readonly threads: number;
  readonly steps: number | undefined;
  /** Where results.json and RESULTS.md are. */
  readonly out: string;
}

function readSettings(): Settings {
  const { OCELLI_DATA: data } = process.env;
  const { values } = parseArgs({
    options: {
      python: { type: "string", default: "python3" },
      photos: { type: "string", default: data === undefined ? undefined : join(data, "hymenoptera_data") },
      only: { type: "string", default: "" },
      engines: { type: "string", default: "auto,onnx" },
      rounds: { type: "string", default: "3" },
      threads: { type: "string", default: String(availableParallelism()) },
      steps: { type: "string" },
      out: { type: "string", default: fileURLToPath(new URL(".", import.meta.url)) },
    },
  });
  const { python, photos, only, engines, rounds, threads, steps, out } = values;
  return {
    ...{ python, photos, out, only: only.split(","), engines: engines.split(",") },
    ...{ rounds: Number(rounds), threads: Number(threads), steps: steps === undefined ? undefined : Number(steps) },
  };
}

/** One round of a job, told as it goes. */
function measureRound(job: Job, { python, engines }: Settings): Round {
  const found = (pairs: readonly (readonly [string, Measured | undefined])[]): Record<string, Measured> =>
    Object.fromEntries(pairs.flatMap(([name, measured]) => (measured ? [[name, measured]] : [])));
  const theirs = Object.entries(job.pytorch).map(([layout, one]) => [layout, measurePytorch(python, one)] as const);
  const aimed = engines.filter((engine) => engine === "auto" || job.aims.onnx !== undefined);
  const ours = aimed.map((engine) => [engine, measureOcelli(job.ocelli(engine))] as const);
  const told = [...theirs, ...ours].map(([name, measured]) => `${name} ${measured?.figure.toFixed(1) ?? "–"}`);
  console.log(`${job.name}: ${told.join(", ")}`);
  return { ocelli: found(ours), pytorch: found(theirs) };
}

async function compare(settings: Settings, scratch: string): Promise<void> {
  if (!hasPytorch(settings.python)) {
    console.log(
      `skipped: "${settings.python}" is not a Python with PyTorch and torchvision; name one with --python PATH.`,
    );
    return;
  }
  const jobs = jobsOf({ ...settings, scratch });
  const files = { results: join(settings.out, "results.json"), report: join(settings.out, "RESULTS.md") };
  mkdirSync(settings.out, { recursive: true });
  const results: Record<string, JobResult> = existsSync(files.results)
    ? JSON.parse(readFileSync(files.results, "utf8"))
    : {};
  const date = new Date().toISOString().slice(0, 10);
  for (const job of jobs.filter(({ name }) => settings.only.some((start) => name.startsWith(start)))) {
    const fmaLimit = await measureFmaLimit(settings.threads);
    const freshPage = freshPageMicroseconds();
    const rounds = Array.from({ length: settings.rounds }, () => measureRound(job, settings));
    results[job.name] = { title: job.title, date, fmaLimit, freshPage, rounds };
    const versions = rounds.flatMap(({ pytorch }) => Object.values(pytorch).map(({ version }) => version));
    const facts = [
      `machine: ${machine()}; FMA limit ${fmaLimit ?? "not measured"} GFLOP/s; load average ${loadavg()[0]?.toFixed(1)}`,
      `versions: ocelli ${versionOf("../package.json")}, Node ${process.version}, onnxruntime-node ${versionOf("onnxruntime-node/package.json")}, PyTorch ${versions[0]}`,
      `date: ${date}`,
    ];
    writeFileSync(files.results, `${JSON.stringify(results)}\n`); // after each job, as all of them take an hour
    writeFileSync(files.report, report(jobs, results, facts));
  }
  console.log(`\n${readFileSync(files.report, "utf8")}`);
}

const scratch = mkdtempSync(join(tmpdir(), "ocelli-bench-"));
try {
  await compare(readSettings(), scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
