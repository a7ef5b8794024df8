/** The thread of a worker pool: rebuilds data sets from their description and makes batches of them. */
import { parentPort } from "node:worker_threads";
import { lookup } from "../lookup.ts";
import { errorData } from "../thread.ts";
import { type BatchTask, makeBatch } from "./batch.ts";
import type { Dataset } from "./dataset.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker-pool.ts";

/** Made where no batch is asked for: with it a data set loads what its samples need, such as the decoder. */
const FIRST: BatchTask = { indices: Uint32Array.of(0), seed: 0, epoch: 0 };

/** Requests are answered one after the other, so that the first one is there soon. */
let last: Promise<void> = Promise.resolve();

const datasets = new Map<number, Promise<Dataset>>();

async function rebuild({ remote }: WorkerRequest): Promise<Dataset> {
  if (!remote) throw new Error("The first request for a data set must describe it.");
  const exports: Record<string, unknown> = await import(remote.module);
  const build = lookup(exports, remote.export);
  if (typeof build !== "function") throw new Error(`"${remote.module}" does not export a function "${remote.export}".`);
  return build(remote.options);
}

async function answer(request: WorkerRequest): Promise<void> {
  const { id, dataset, task } = request;
  try {
    const built = datasets.get(dataset) ?? rebuild(request);
    datasets.set(dataset, built);
    const batch = await makeBatch(await built, task ?? FIRST);
    if (task) send({ id, batch }, [batch.images.buffer, batch.labels.buffer, batch.indices.buffer]);
  } catch (error) {
    if (task) send({ id, error: errorData(error) }, []); // else the first batch fails alike
  }
}

const send = (message: WorkerAnswer, buffers: ArrayBuffer[]): void => parentPort?.postMessage(message, buffers);

parentPort?.on("message", (request: WorkerRequest) => {
  last = last.then(() => answer(request));
});
