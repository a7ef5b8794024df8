/**
 * What the engine's thread and its owner tell each other without messages, which neither reads while it is busy: whether
 * the engine is closing, and whether the runtime is at work.
 *
 * A thread that is ended while the runtime is at work takes the whole process with it, since the runtime then finds no
 * JavaScript to return to. So whoever ends it waits until the runtime has returned.
 */
export type Signals = Int32Array<SharedArrayBuffer>;

const STATE = 0;
const BUSY = 1;

/** What STATE may be beside 0: no further task is begun; nor is anything freed, because the process ends. */
const CLOSING = 1;
const EXITING = 2;

/** Signals of a new engine: it is neither closing nor busy. */
export const createSignals = (): Signals => new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

/** Has the thread begin nothing more, but free what it holds. */
export const signalClosing = (signals: Signals): void => void Atomics.store(signals, STATE, CLOSING);

/** Has the thread begin nothing more at all. */
export const signalExit = (signals: Signals): void => void Atomics.store(signals, STATE, EXITING);

/** For the thread: does `work`, or, if the engine is closing, nothing. */
export const unlessClosing = <T>(signals: Signals, work: () => Promise<T>): Promise<T | undefined> =>
  unlessIn([CLOSING, EXITING], signals, work);

/** For the thread: does `work`, or, if the process ends, nothing. */
export const unlessExiting = <T>(signals: Signals, work: () => Promise<T>): Promise<T | undefined> =>
  unlessIn([EXITING], signals, work);

async function unlessIn<T>(
  states: readonly number[],
  signals: Signals,
  work: () => Promise<T>,
): Promise<T | undefined> {
  Atomics.store(signals, BUSY, 1); // before the question, so that an owner who closes either is seen or waits
  try {
    return states.includes(Atomics.load(signals, STATE)) ? undefined : await work();
  } finally {
    Atomics.store(signals, BUSY, 0);
    Atomics.notify(signals, BUSY);
  }
}

/** For the owner, where there is no time for messages: blocks until the runtime has returned. */
export function waitUntilIdle(signals: Signals): void {
  while (Atomics.load(signals, BUSY) === 1) Atomics.wait(signals, BUSY, 1);
}
