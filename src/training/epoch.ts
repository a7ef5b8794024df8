/** The steps of one epoch. */
import { type Batch, batches, type Dataset, type WorkerPool } from "../data/index.ts";
import type { LossAndAccuracy } from "../metrics/index.ts";
import type { BatchPlace } from "./mixing.ts";
import type { StepResult, Trainer, TrainingBatch } from "./network-trainer.ts";

/** Sums over the steps of an epoch. */
export interface Totals {
  /** Σ loss·images */
  readonly loss: number;
  readonly correct: number;
  /** Images. */
  readonly count: number;
}

/** No steps. */
export const NO_TOTALS: Totals = { loss: 0, correct: 0, count: 0 };

/** Mean loss and accuracy. */
export const meansOf = ({ loss, correct, count }: Totals): LossAndAccuracy => ({
  loss: loss / count,
  accuracy: correct / count,
});

/** What an epoch is made of. */
export interface EpochOptions {
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly order: ((epoch: number) => Uint32Array) | undefined;
  readonly mergeSingle: boolean;
  /** Batches that make one step. */
  readonly accumulate: number;
  /** Whether the images are what a frozen part made of images. */
  readonly areFeatures: boolean;
  readonly mix: (batch: Batch, place: BatchPlace) => TrainingBatch;
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
  /** Batches of this epoch that were done before. */
  readonly startBatch: number;
  /** Steps to do at most. */
  readonly limit: number;
  readonly workers: number | WorkerPool;
  readonly learningRateAt: (step: number) => number;
  /** Told of each step when it is done. */
  readonly onStep: (result: StepResult) => void;
  /** What is to be done after step `step` before the next one begins, if anything; its time does not count. */
  readonly afterStep: (step: number) => (() => Promise<void>) | undefined;
  /** Stops before the next step. */
  readonly signal: AbortSignal | undefined;
}

/** How the time of an epoch was spent, in seconds. */
export interface EpochTimes {
  readonly train: number;
  readonly wait: number;
}

/** A step that was asked for. */
interface RunningStep {
  readonly result: Promise<StepResult>;
  /** When it was done, in milliseconds; 0 before. */
  readonly ended: () => number;
}

/**
 * Does the steps of an epoch from `startBatch` on. While one step runs the next batch is made; the next step is asked for
 * before the last one has ended, unless there is something to do in between.
 */
export async function runEpoch(options: EpochOptions): Promise<EpochTimes> {
  const { trainer, limit, signal, learningRateAt, onStep, afterStep } = options;
  const source = batches(options.dataset, options);
  const times = { train: 0, wait: 0 };
  let running: RunningStep | undefined;
  let since = performance.now();
  const finish = async (step: RunningStep | undefined): Promise<void> => {
    if (!step) return;
    onStep(await step.result);
  };
  try {
    for (let done = 0; done < limit && !signal?.aborted; done++) {
      const step = await nextStep(source, options, options.startBatch + done * options.accumulate);
      if (step.length === 0) break;
      const ended = running ? running.ended() : since;
      if (ended !== 0) times.wait += performance.now() - ended;
      const next = startStep(trainer, step, learningRateAt(trainer.step));
      await finish(running);
      running = next;
      const pause = afterStep(trainer.step);
      if (!pause) continue;
      await finish(running);
      running = undefined;
      times.train += performance.now() - since;
      await pause();
      since = performance.now();
    }
    await finish(running);
  } finally {
    await source.return();
  }
  times.train += performance.now() - since;
  return { train: times.train / 1000, wait: times.wait / 1000 };
}

/** The batches of the next step, the first of which is the epoch's batch number `first`; none at the end. */
async function nextStep(
  source: AsyncGenerator<Batch, void, undefined>,
  { accumulate, mix, epoch, dataset, areFeatures }: EpochOptions,
  first: number,
): Promise<TrainingBatch[]> {
  const step: TrainingBatch[] = [];
  const { shape, classes } = dataset;
  while (step.length < accumulate) {
    const { value: batch } = await source.next();
    if (!batch) break;
    const place = { epoch, batch: first + step.length, shape, classes: classes.length };
    step.push(areFeatures ? { ...batch, areFeatures } : mix(batch, place));
  }
  return step;
}

function startStep(trainer: Trainer, step: readonly TrainingBatch[], learningRate: number): RunningStep {
  let ended = 0;
  const result = trainer.train(step, { learningRate, transfer: true });
  const note = (): void => {
    ended = performance.now();
  };
  result.then(note, note); // it is awaited after the step before it
  return { result, ended: () => ended };
}
