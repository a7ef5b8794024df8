/** Measures training steps, forward passes and data loading. */
import { batches, type Dataset, openWorkerPool } from "../data/index.ts";
import { openEngine } from "../engines/index.ts";
import { findModel } from "../models/index.ts";
import { initialState } from "../nn/index.ts";
import { adam } from "../optim/optimizer.ts";
import { rngFor } from "../rng.ts";
import { inferenceProgram } from "./programs.ts";
import { trainingProgram } from "./step-program.ts";
import { peakRssMiB } from "./summary.ts";

/** What is measured. */
export const BENCH_JOBS = ["train", "eval", "data"] as const;
/** One of the jobs. */
export type BenchJob = (typeof BENCH_JOBS)[number];

/** What `bench` takes. */
export interface BenchOptions {
  readonly model: string;
  readonly job: BenchJob;
  readonly batchSize: number;
  readonly steps: number;
  readonly engine: string;
  readonly threads: number;
  readonly workers: number;
  /** For the job `data`. */
  readonly dataset: () => Promise<Dataset>;
}

/** What `ocelli bench --json` prints; times in milliseconds. */
export interface BenchResult {
  readonly model: string;
  readonly job: BenchJob;
  readonly engine: string;
  readonly precision: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly steps: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly imagesPerSecond: number;
  readonly peakRssMiB: number;
  readonly compileMs: number;
}

/** Steps before the measured ones, in which caches and threads warm up. */
const WARM_UP = 10;

/**
 * Measures a job. As in training, a step is asked for while the one before it runs, and its time is that from one step's
 * end to the next one's.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const measured = options.job === "data" ? await benchData(options) : await benchEngine(options);
  const { engine, compileMs, times, images } = measured;
  const sorted = times.toSorted((a, b) => a - b);
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const { model, job, batchSize, threads, steps } = options;
  return {
    ...{ model, job, engine, precision: "fp32", batchSize, threads, steps },
    medianMs: rounded(medianMs),
    minMs: rounded(sorted[0] ?? 0),
    imagesPerSecond: Math.round(1000 * (images === undefined ? batchSize / medianMs : images / sumOf(times))),
    peakRssMiB: peakRssMiB(),
    compileMs: rounded(compileMs),
  };
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

interface Times {
  readonly engine: string;
  readonly compileMs: number;
  readonly times: readonly number[];
  /** Images of all the times together, where steps depend on each other so that the median step says little. */
  readonly images?: number;
}

async function benchEngine({ model, job, batchSize, steps, ...options }: BenchOptions): Promise<Times> {
  const classes = 10;
  const { build, inputShape } = findModel(model);
  const network = build({ classes });
  const optimizer = adam();
  const rng = rngFor(0, "bench");
  const images = Float32Array.from({ length: batchSize * inputShape.reduce((a, b) => a * b, 1) }, () => rng.uniform());
  const labels = Int32Array.from({ length: batchSize }, () => rng.integer(0, classes - 1));
  const engine = await openEngine(options.engine, options);
  try {
    await engine.write(initialState(network, 0));
    const began = performance.now();
    const forward = { inputShape, batchSize };
    const program =
      job === "train" ? trainingProgram(network, { ...forward, optimizer }) : inferenceProgram(network, forward);
    const executable = await engine.compile(program, { constants: job === "eval" ? "all" : undefined });
    const compileMs = performance.now() - began;
    const times = await measure(steps, async (step) => {
      const scalars = Object.entries(optimizer.scalarsAt(step + 1, optimizer.learningRate));
      const feeds = {
        images,
        labels,
        ...Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)])),
      };
      await executable.run(feeds);
    });
    return { engine: engine.name, compileMs, times };
  } finally {
    await engine.close();
  }
}

async function measure(steps: number, run: (step: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let ended = performance.now();
  let running = run(0);
  for (let step = 1; step <= WARM_UP + steps; step++) {
    const next = run(step);
    await running;
    times.push(performance.now() - ended);
    ended = performance.now();
    running = next;
  }
  await running;
  return times.slice(WARM_UP);
}

/** The images of so many batches, epoch after epoch; short last batches count as what they are. */
async function benchData({ batchSize, steps, workers, dataset }: BenchOptions): Promise<Times> {
  const data = await dataset();
  const pool = workers === 0 ? undefined : openWorkerPool(workers);
  const times: number[] = [];
  let [done, images, ended] = [0, 0, performance.now()];
  try {
    for (let epoch = 0; done < WARM_UP + steps; epoch++) {
      for await (const { size } of batches(data, { batchSize, shuffle: true, workers: pool, epoch })) {
        const now = performance.now();
        if (WARM_UP <= done) {
          times.push(now - ended);
          images += size;
        }
        ended = now;
        if (++done === WARM_UP + steps) break;
      }
    }
  } finally {
    await pool?.close();
  }
  return { engine: "none", compileMs: 0, times, images };
}
