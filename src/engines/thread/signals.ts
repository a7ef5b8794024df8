/**
 * What the engine's thread and its owner tell each other without messages, which neither reads while it is busy: whether
 * the engine is closing, and whether the runtime is at work.
 *
 * A thread that is ended while the runtime is at work takes the whole process with it, since the runtime then finds no
 * JavaScript to return to. So whoever ends it waits until the runtime has returned.
 */
export type Signals = Int32Array<SharedArrayBuffer>;

const CLOSING = 0;
const BUSY = 1;

/** Signals of a new engine: it is neither closing nor busy. */
export const createSignals = (): Signals => new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

/** Has the thread begin nothing more. */
export const signalClosing = (signals: Signals): void => void Atomics.store(signals, CLOSING, 1);

/** For the thread: does `work`, or, if the engine is closing, nothing. */
export async function unlessClosing<T>(signals: Signals, work: () => Promise<T>): Promise<T | undefined> {
  Atomics.store(signals, BUSY, 1); // before the question, so that an owner who closes either is seen or waits
  try {
    return Atomics.load(signals, CLOSING) === 1 ? undefined : await work();
  } finally {
    Atomics.store(signals, BUSY, 0);
    Atomics.notify(signals, BUSY);
  }
}

/** For the owner, where there is no time for messages: blocks until the runtime has returned. */
export function waitUntilIdle(signals: Signals): void {
  while (Atomics.load(signals, BUSY) === 1) Atomics.wait(signals, BUSY, 1);
}
