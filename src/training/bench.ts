/** Measures training steps, forward passes and data loading. */
import { batches, type Dataset, openWorkerPool } from "../data/index.ts";
import type { Precision } from "../engines/index.ts";
import { sizeOf } from "../graph/value.ts";
import { findModel } from "../models/index.ts";
import { adam, adamw, type Optimizer, type OptimizerName, sgd } from "../optim/optimizer.ts";
import { type Rng, rngFor } from "../rng.ts";
import { kernelChoicesFile } from "./network-trainer.ts";
import { partOf } from "./stages.ts";
import { startingNetwork } from "./starting-weights.ts";
import { peakRssMiB } from "./summary.ts";
import { openTrainer } from "./trainer.ts";

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
  readonly precision: Precision;
  readonly optimizer: OptimizerName;
  /** `none` or a file: what a step takes does not depend on it, but the head of a file may have a shape of its own. */
  readonly weights: string;
  /** `none`, `backbone` or a layer, as the setting. */
  readonly freeze: string;
  /** Whether the onnx engine measures its algorithms first; that time is part of `compileMs`. */
  readonly tune: boolean;
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
  /** Until the first step has ended, less a step. */
  readonly compileMs: number;
}

const CLASSES = 10;

/** The optimizers as the seed takes them. */
const OPTIMIZERS: Readonly<Record<OptimizerName, Optimizer>> = {
  sgd: sgd({ momentum: 0.9 }),
  adam: adam(),
  adamw: adamw(),
};

/** Steps before so many measured ones, in which caches and threads warm up. */
const warmUpOf = (steps: number): number => (steps < 50 ? 3 : 10);

/**
 * Measures a job. As in training, a step is asked for while the one before it runs, and its time is that from one step's
 * end to the next one's.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const measured = options.job === "data" ? await benchData(options) : await benchEngine(options);
  const { engine, compileMs, times, images } = measured;
  const medianMs = medianOf(times);
  const { model, job, batchSize, threads, steps, precision } = options;
  return {
    ...{ model, job, engine, precision, batchSize, threads, steps },
    medianMs: rounded(medianMs),
    minMs: rounded(Math.min(...times)),
    imagesPerSecond: Math.round(1000 * (images === undefined ? batchSize / medianMs : images / sumOf(times))),
    peakRssMiB: peakRssMiB(),
    compileMs: rounded(compileMs),
  };
}

const medianOf = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

interface Times {
  readonly engine: string;
  readonly compileMs: number;
  readonly times: readonly number[];
  /** Images of all the times together, where steps depend on each other so that the median step says little. */
  readonly images?: number;
}

async function benchEngine({ job, batchSize, steps, ...options }: BenchOptions): Promise<Times> {
  const model = findModel(options.model);
  const { inputShape } = model;
  const start = await startingNetwork(model, { classes: CLASSES, weights: options.weights });
  const rng = rngFor(0, "bench");
  const next = batchesInTurn(batchSize * sizeOf(inputShape), rng);
  const labels = Int32Array.from({ length: batchSize }, () => rng.integer(0, CLASSES - 1));
  const trainer = await openTrainer(start.network, {
    ...{ inputShape, batchSize, engine: options.engine, threads: options.threads, precision: options.precision },
    ...partOf(model, { batchNorm: "auto", layerRates: "none" }, options.freeze),
    ...(options.tune && { kernelChoices: kernelChoicesFile() }),
    optimizer: OPTIMIZERS[options.optimizer],
    evaluationOnly: job === "eval",
    ...(start.weights && { weights: { state: start.weights, from: options.weights, partial: true } }),
  });
  try {
    const run = job === "train" ? () => trainer.train({ images: next(), labels }) : () => trainer.logits(next());
    const began = performance.now();
    await run();
    const firstMs = performance.now() - began;
    const times = await measure(steps, run);
    return { engine: trainer.engine.name, compileMs: Math.max(0, firstMs - medianOf(times)), times };
  } finally {
    await trainer.close();
  }
}

/** Different batches that are used in turn, so that none is in a cache when its turn comes. */
const BATCHES = 4;

/**
 * Random numbers of so many batches. They lie in shared memory, so that a step gets them without a copy, as it gets those that data
 * threads make.
 */
function batchesInTurn(size: number, rng: Rng): () => Float32Array {
  const made = Array.from({ length: BATCHES }, () => {
    const batch = new Float32Array(new SharedArrayBuffer(size * Float32Array.BYTES_PER_ELEMENT));
    for (let index = 0; index < size; index++) batch[index] = rng.uniform();
    return batch;
  });
  let turn = 0;
  return () => made[turn++ % BATCHES] as Float32Array;
}

async function measure(steps: number, run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let ended = performance.now();
  let running = run();
  const warmUp = warmUpOf(steps);
  for (let step = 1; step <= warmUp + steps; step++) {
    const next = run();
    await running;
    times.push(performance.now() - ended);
    ended = performance.now();
    running = next;
  }
  await running;
  return times.slice(warmUp);
}

/** The images of so many batches, epoch after epoch; short last batches count as what they are. */
async function benchData({ batchSize, steps, workers, dataset }: BenchOptions): Promise<Times> {
  const data = await dataset();
  const pool = workers === 0 ? undefined : openWorkerPool(workers);
  const times: number[] = [];
  let [done, images, ended] = [0, 0, performance.now()];
  const warmUp = warmUpOf(steps);
  try {
    for (let epoch = 0; done < warmUp + steps; epoch++) {
      for await (const { size } of batches(data, { batchSize, shuffle: true, workers: pool, epoch })) {
        const now = performance.now();
        if (warmUp <= done) {
          times.push(now - ended);
          images += size;
        }
        ended = now;
        if (++done === warmUp + steps) break;
      }
    }
  } finally {
    await pool?.close();
  }
  return { engine: "none", compileMs: 0, times, images };
}
