/** A thread that fuzzes one target. What it is at stands in shared memory, where it is found if the thread hangs or dies. */
import { parentPort, workerData } from "node:worker_threads";
import { targetOf } from "../targets.ts";
import { fuzz, type Watcher } from "./loop.ts";

/** What the thread is given. */
export interface ThreadWork {
  readonly target: string;
  readonly seed: number;
  readonly corpus: readonly Uint8Array[];
  /** Milliseconds. */
  readonly time: number;
  readonly cases: number;
  /** Two numbers: how many inputs were begun, and the bytes of the one that is read, or −1. */
  readonly state: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
}

const work = workerData as ThreadWork;
const state = new Int32Array(work.state);
const shown = new Uint8Array(work.input);

const watcher: Watcher = {
  begin(input) {
    shown.set(input);
    Atomics.add(state, 0, 1);
    Atomics.store(state, 1, input.length);
  },
  end() {
    Atomics.store(state, 1, -1);
  },
  fault: (input, what) => parentPort?.postMessage({ fault: what, input }),
};

const end = performance.now() + work.time;
const result = await fuzz(targetOf(work.target), watcher, {
  ...{ seed: work.seed, corpus: work.corpus },
  goesOn: (cases) => cases < work.cases && performance.now() < end,
});
parentPort?.postMessage({ result });
