/** The thread of a worker pool: rebuilds data sets from their description and makes batches of them. */
import { parentPort } from "node:worker_threads";
import { errorData } from "../thread.ts";
import { makeBatch } from "./batch.ts";
import type { Dataset } from "./dataset.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker-pool.ts";

const datasets = new Map<number, Promise<Dataset>>();

async function rebuild({ remote }: WorkerRequest): Promise<Dataset> {
  if (!remote) throw new Error("The first request for a data set must describe it.");
  const exports: Record<string, unknown> = await import(remote.module);
  const build = exports[remote.export];
  if (typeof build !== "function") throw new Error(`"${remote.module}" does not export a function "${remote.export}".`);
  return build(remote.options);
}

async function answer(request: WorkerRequest): Promise<void> {
  const { id, dataset, task } = request;
  try {
    const built = datasets.get(dataset) ?? rebuild(request);
    datasets.set(dataset, built);
    const batch = await makeBatch(await built, task);
    send({ id, batch }, [batch.images.buffer, batch.labels.buffer, batch.indices.buffer]);
  } catch (error) {
    send({ id, error: errorData(error) }, []);
  }
}

const send = (message: WorkerAnswer, buffers: ArrayBuffer[]): void => parentPort?.postMessage(message, buffers);

parentPort?.on("message", answer);
