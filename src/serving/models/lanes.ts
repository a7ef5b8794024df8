/** A model several times, so that as many batches are computed at once. */

/** What computes, one batch after the other. */
export interface Runner {
  close(): Promise<void>;
}

/** Each of several threads computing a batch of its own does more than all of them at one batch: none waits for the others. */
export interface Lanes<Kind extends Runner> {
  readonly count: number;
  /** One of them, to ask what all have in common. */
  readonly first: Kind;
  /** Milliseconds for which the oldest of the runs under way has gone on; 0 where there is none. */
  longestRun(): number;
  /** Lends the lane with the least to do. */
  run<T>(compute: (runner: Kind) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Copies of the weights at most. */
const MOST_LANES = 4;
/** A model above this many bytes is opened once: its weights are large, and a batch of it long enough for all threads. */
const LARGE_MODEL = 300e6;

/** How many lanes a model of so many bytes has, and the threads of each. */
export function planLanes(threads: number, bytes: number): { count: number; threads: number } {
  const count = bytes <= LARGE_MODEL ? Math.min(threads, MOST_LANES) : 1;
  return { count, threads: Math.floor(threads / count) };
}

/** Opens the lanes of a model of `bytes` length; `open` is told the threads of one. */
export async function openLanes<Kind extends Runner>(
  { threads, bytes }: { readonly threads: number; readonly bytes: number },
  open: (threads: number) => Promise<Kind>,
  now: () => number = () => performance.now(),
): Promise<Lanes<Kind>> {
  const plan = planLanes(threads, bytes);
  const first = await open(plan.threads);
  const lanes = [{ runner: first, busy: 0 }];
  const close = async (): Promise<void> => void (await Promise.all(lanes.map(({ runner }) => runner.close())));
  try {
    // one after the other, since each needs its own copy of the weights for a moment
    while (lanes.length < plan.count) lanes.push({ runner: await open(plan.threads), busy: 0 });
  } catch (error) {
    await close();
    throw error;
  }
  const begun = new Set<{ readonly at: number }>(); // in the order in which they began
  return {
    ...{ count: plan.count, first, close },
    longestRun() {
      const [oldest] = begun;
      return oldest ? now() - oldest.at : 0;
    },
    async run(compute) {
      const lane = lanes.reduce((least, other) => (other.busy < least.busy ? other : least));
      const run = { at: now() };
      begun.add(run);
      lane.busy++;
      try {
        return await compute(lane.runner);
      } finally {
        lane.busy--;
        begun.delete(run);
      }
    },
  };
}
