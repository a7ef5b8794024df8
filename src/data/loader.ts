/** Batches of a data set, in an order that depends on seed and epoch alone. */
import { UserError } from "../errors.ts";
import { permutation, rngFor } from "../rng.ts";
import { type Batch, type BatchTask, makeBatch } from "./batch.ts";
import type { Dataset } from "./dataset.ts";
import { openWorkerPool, type WorkerPool } from "./worker-pool.ts";

/** How the samples of one epoch are cut into batches, and who makes them. */
export interface BatchOptions {
  readonly batchSize: number;
  /** Take the samples in random order; by default in the order of the data set. */
  readonly shuffle?: boolean;
  /** The samples of an epoch in another order, such as that of `weightedOrder`: as many as the data set has. Wins over `shuffle`. */
  readonly order?: (epoch: number) => Uint32Array;
  /** Seed of the order and of the samples' randomness; 0 by default. */
  readonly seed?: number;
  /** Which epoch this is, from 0; another epoch has another order. */
  readonly epoch?: number;
  /** The batch to begin with, to go on in the middle of an epoch; 0 by default. */
  readonly startBatch?: number;
  /** Leave out a last batch that is smaller than the others. */
  readonly dropLast?: boolean;
  /** Add a last batch of a single sample to the one before it: batch normalisation cannot learn from one sample. */
  readonly mergeSingle?: boolean;
  /** How many batches are made ahead of the caller; 2 by default, with workers at least 2 for each. */
  readonly prefetch?: number;
  /**
   * How many threads make batches, or a pool that is shared by several loops and stays open. 0, the default, is the main
   * thread; so is any data set without `remote`, such as one with the user's own functions. The batches are the same.
   */
  readonly workers?: number | WorkerPool;
}

const LIMITS = { batchSize: 1, epoch: 0, startBatch: 0, prefetch: 0, workers: 0 } as const;
const DEFAULT_PREFETCH = 2;

/** Throws a `UserError` for the first option that is not a whole number in its range. */
function checkOptions(options: BatchOptions): void {
  for (const [name, minimum] of Object.entries(LIMITS) as [keyof typeof LIMITS, number][]) {
    const value = options[name];
    if (value === undefined || typeof value === "object") continue;
    if (Number.isInteger(value) && minimum <= value) continue;
    throw new UserError(
      `batches: expected ${name} to be a whole number of at least ${minimum} but it is ${value}.`,
      `Give another ${name}.`,
    );
  }
}

/** Whether the last batch would be of one sample, and is added to the one before it. */
const mergesLast = (samples: number, { batchSize, dropLast = false, mergeSingle = false }: BatchCuts): boolean =>
  mergeSingle && !dropLast && batchSize < samples && samples % batchSize === 1;

/** What decides how many batches there are. */
type BatchCuts = Pick<BatchOptions, "batchSize" | "dropLast" | "mergeSingle">;

/** The number of batches in an epoch of `samples` samples. */
export function batchCount(samples: number, cuts: BatchCuts): number {
  const whole = cuts.dropLast || mergesLast(samples, cuts);
  return whole ? Math.floor(samples / cuts.batchSize) : Math.ceil(samples / cuts.batchSize);
}

/** The order of an epoch, undefined for that of the data set. */
function orderOf(
  length: number,
  { shuffle = false, seed = 0, epoch = 0, order }: BatchOptions,
): Uint32Array | undefined {
  if (!order) return shuffle ? permutation(length, rngFor(seed, "shuffle", epoch)) : undefined;
  const given = order(epoch);
  if (given.length === length) return given;
  throw new Error(`expected an order of ${length} samples but it has ${given.length}`);
}

/** The samples of each batch. */
function* batchTasks(length: number, options: BatchOptions): Generator<BatchTask, void, undefined> {
  const { batchSize, seed = 0, epoch = 0, startBatch = 0 } = options;
  const order = orderOf(length, options);
  const end = batchCount(length, options);
  for (let batch = startBatch; batch < end; batch++) {
    const first = batch * batchSize;
    const last = batch === end - 1 && mergesLast(length, options) ? length : Math.min(first + batchSize, length);
    const indices = Uint32Array.from({ length: last - first }, (_, row) => order?.[first + row] ?? first + row);
    yield { indices, seed, epoch };
  }
}

/** Who makes batches for one loop. */
interface BatchMaker {
  make(task: BatchTask): Promise<Batch>;
  /** Called when the loop ends, however it does. */
  close(): Promise<void>;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Makes batches in this thread, one after the other, in turns of the event loop that the caller leaves free. */
function localMaker(dataset: Dataset): BatchMaker {
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const makeNow = async (task: BatchTask): Promise<Batch> => {
    await nextTurn();
    if (closed) throw new Error("The loop over the batches has ended.");
    return makeBatch(dataset, task);
  };
  return {
    make(task) {
      const made = last.then(() => makeNow(task));
      last = made.catch(() => {});
      return made;
    },
    async close() {
      closed = true;
    },
  };
}

function makerFor(dataset: Dataset, workers: number | WorkerPool): BatchMaker {
  const remote = workers === 0 ? undefined : dataset.remote;
  if (!remote) return localMaker(dataset);
  if (typeof workers === "object") return { make: (task) => workers.make(remote, task), close: async () => {} };
  const pool = openWorkerPool(workers);
  return { make: (task) => pool.make(remote, task), close: () => pool.close() };
}

/** Yields the batches in order, having up to `ahead` more under way while the caller works. */
async function* inOrder(tasks: Iterator<BatchTask>, ahead: number, open: () => BatchMaker): AsyncGenerator<Batch> {
  const maker = open();
  const underWay: Promise<Batch>[] = [];
  const startNext = (): boolean => {
    const { value, done } = tasks.next();
    if (done) return false;
    const batch = maker.make(value);
    batch.catch(() => {}); // it is awaited later, or never if the caller leaves the loop
    underWay.push(batch);
    return true;
  };
  try {
    while (true) {
      while (underWay.length <= ahead && startNext());
      const batch = underWay.shift();
      if (!batch) return;
      yield await batch;
    }
  } finally {
    await maker.close();
  }
}

/**
 * The batches of one epoch, the last one as small as it comes. Every batch owns its buffers. Leaving the loop early ends
 * what is under way. An option out of range or an empty data set is a `UserError`, thrown at once; so are a sample of the
 * wrong shape or with a label outside the classes, thrown when its batch is due.
 */
export function batches(dataset: Dataset, options: BatchOptions): AsyncGenerator<Batch, void, undefined> {
  checkOptions(options);
  if (dataset.length === 0) {
    throw new UserError("data set: expected at least one sample but it is empty.", "Use a data set with images in it.");
  }
  const { workers = 0 } = options;
  const threads = typeof workers === "object" ? workers.size : workers;
  const { prefetch = Math.max(DEFAULT_PREFETCH, 2 * threads) } = options;
  return inOrder(batchTasks(dataset.length, options), prefetch, () => makerFor(dataset, workers));
}
