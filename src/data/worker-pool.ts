/** Worker threads that make batches. Threads are started once and serve any number of data sets. */
import type { Worker } from "node:worker_threads";
import { type ErrorData, endThread, errorFrom, startThread } from "../thread.ts";
import type { Batch, BatchTask } from "./batch.ts";
import type { RemoteDataset } from "./dataset.ts";

/** What a worker is asked; `remote` comes with the first request for a data set. Without a task it is built and one sample made. */
export interface WorkerRequest {
  readonly id: number;
  readonly dataset: number;
  readonly remote?: RemoteDataset;
  readonly task?: BatchTask;
}

/** What a worker answers to the request of that id. */
export interface WorkerAnswer {
  readonly id: number;
  readonly batch?: Batch;
  readonly error?: ErrorData;
}

/** Threads that make batches. An idle pool does not keep the process alive. */
export interface WorkerPool {
  /** The number of threads. */
  readonly size: number;
  /** Has every thread build a data set, and load what its samples need, before a batch is asked for. What goes wrong is told with the first batch. */
  prepare(remote: RemoteDataset): void;
  /** Makes one batch; fails with the worker's own error, a `UserError` with its hint. */
  make(remote: RemoteDataset, task: BatchTask): Promise<Batch>;
  /** Ends the threads; batches under way fail. */
  close(): Promise<void>;
}

interface Job {
  readonly request: Omit<WorkerRequest, "remote">;
  readonly remote: RemoteDataset;
  readonly resolve: (batch: Batch) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
  /** The data sets that this thread has built. */
  readonly known: Set<number>;
}

/** A thread has its next job waiting while it works, so that it never waits for the main thread. */
const JOBS_PER_THREAD = 2;

/** Starts `size` threads. Close the pool when done; if a thread dies, every batch from then on fails with the reason. */
export function openWorkerPool(size: number): WorkerPool {
  const ids = new WeakMap<RemoteDataset, number>();
  const waiting: Job[] = [];
  let counter = 0;
  let failure: Error | undefined;

  const fail = (error: Error): void => {
    failure ??= error;
    const jobs = [...waiting.splice(0), ...threads.flatMap((thread) => [...thread.jobs.values()])];
    for (const thread of threads) thread.jobs.clear();
    for (const job of jobs) job.reject(failure);
  };
  const dispatch = (): void => {
    while (waiting.length > 0) {
      const thread = threads.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a));
      const job = thread.jobs.size < JOBS_PER_THREAD ? waiting.shift() : undefined;
      if (!job) return;
      giveJob(thread, job);
    }
  };
  const numberOf = (remote: RemoteDataset): number => {
    const dataset = ids.get(remote) ?? counter++;
    ids.set(remote, dataset);
    return dataset;
  };
  const threads = Array.from({ length: size }, () => {
    const thread: Thread = {
      worker: startThread(new URL("./batch-worker.ts", import.meta.url)),
      jobs: new Map(),
      known: new Set(),
    };
    thread.worker.on("message", (answer: WorkerAnswer) => {
      finishJob(thread, answer);
      dispatch();
    });
    thread.worker.on("error", fail);
    thread.worker.on("exit", (code) => fail(new Error(`A data worker ended with exit code ${code}.`)));
    thread.worker.unref();
    return thread;
  });
  return {
    size,
    prepare(remote) {
      const request: WorkerRequest = { id: counter++, dataset: numberOf(remote), remote };
      for (const { worker, known } of threads) {
        if (!known.has(request.dataset)) worker.postMessage(request);
        known.add(request.dataset);
      }
    },
    make(remote, task) {
      if (failure) return Promise.reject(failure);
      const dataset = numberOf(remote);
      return new Promise((resolve, reject) => {
        waiting.push({ request: { id: counter++, dataset, task }, remote, resolve, reject });
        dispatch();
      });
    },
    async close() {
      fail(new Error("The data workers were closed."));
      await Promise.all(threads.map(({ worker }) => endThread(worker)));
    },
  };
}

function giveJob({ worker, jobs, known }: Thread, job: Job): void {
  const { dataset, id } = job.request;
  worker.ref();
  jobs.set(id, job);
  worker.postMessage(known.has(dataset) ? job.request : { ...job.request, remote: job.remote });
  known.add(dataset);
}

function finishJob({ worker, jobs }: Thread, { id, batch, error }: WorkerAnswer): void {
  const job = jobs.get(id);
  if (!job) return; // the pool was closed while the job was under way
  jobs.delete(id);
  if (jobs.size === 0) worker.unref();
  if (error) job.reject(errorFrom(error));
  else if (batch) job.resolve(batch);
}
