import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { BatchQueue, type BatchQueueOptions, type Clock, QueueFull } from "./batch-queue.ts";

/** A clock that goes on when it is told to. */
class TestClock implements Clock {
  #time = 1000;
  #calls: { at: number; call: () => void }[] = [];
  now = (): number => this.#time;
  after = (milliseconds: number, call: () => void): (() => void) => {
    const planned = { at: this.#time + milliseconds, call };
    this.#calls.push(planned);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== planned);
    };
  };
  /** Lets time pass, and everything that waits for it happen. */
  async pass(milliseconds: number): Promise<void> {
    this.#time += milliseconds;
    const due = this.#calls.filter(({ at }) => at <= this.#time);
    this.#calls = this.#calls.filter(({ at }) => this.#time < at);
    for (const { call } of due) call();
    await settled();
  }
  get planned(): number {
    return this.#calls.length;
  }
}

/** After all promises that can go on have done so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Running {
  readonly items: readonly number[];
  /** Answers each item by its tenfold. */
  readonly finish: () => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

function queueOf(options: Partial<BatchQueueOptions<number, number>> = {}) {
  const clock = new TestClock();
  const batches: Running[] = [];
  const run = (items: readonly number[]): Promise<number[]> =>
    new Promise((resolve, reject) => {
      const finish = async (): Promise<void> => {
        resolve(items.map((item) => 10 * item));
        await settled();
      };
      const fail = async (error: Error): Promise<void> => {
        reject(error);
        await settled();
      };
      batches.push({ items, finish, fail });
    });
  const queue = new BatchQueue({ maxBatch: 4, maxDelayMs: 10, maxQueue: 100, lanes: 1, run, clock, ...options });
  const submit = (...items: number[]) => queue.enter(items.length).submit(items);
  return { clock, queue, submit, batches, sizes: () => batches.map(({ items }) => items.length) };
}

test("a lone item does not wait", async () => {
  const { submit, batches, clock } = queueOf();
  const answer = submit(7);
  expect(batches.map(({ items }) => items)).toEqual([[7]]);
  await batches[0]?.finish();
  expect(await answer).toEqual([70]);
  expect(clock.planned).toBe(0);
});

test("who waits for others that are expected waits no longer than the bound", async () => {
  const { queue, submit, sizes, clock } = queueOf();
  queue.enter().expect();
  void submit(1);
  await clock.pass(4);
  void submit(2);
  await clock.pass(5.5);
  expect(sizes()).toEqual([]);
  await clock.pass(0.5); // 10 ms after the first
  expect(sizes()).toEqual([2]);
});

test("a batch begins when it is full, and when those that were expected do not come", async () => {
  const { queue, submit, sizes, batches } = queueOf();
  const late = queue.enter();
  late.expect();
  for (const item of [1, 2, 3, 4]) void submit(item);
  expect(sizes()).toEqual([4]);
  void submit(5);
  await batches[0]?.finish();
  expect(sizes()).toEqual([4]);
  late.leave();
  expect(sizes()).toEqual([4, 1]);
});

test("places whose items are still on the way are not waited for", () => {
  const { queue, submit, sizes } = queueOf();
  queue.enter(); // as one whose picture is still being sent
  void submit(1);
  expect(sizes()).toEqual([1]);
});

test("while all lanes are busy the next batch gathers; a full one is handed over ahead", async () => {
  const { submit, sizes, batches } = queueOf({ lanes: 2 });
  void submit(1);
  void submit(2);
  for (const item of [3, 4, 5]) void submit(item);
  expect(sizes()).toEqual([1, 1]);
  for (const item of [6, 7, 8, 9, 10, 11, 12, 13, 14]) void submit(item);
  expect(sizes()).toEqual([1, 1, 4, 4]);
  await batches[0]?.finish();
  expect(sizes()).toEqual([1, 1, 4, 4, 4]);
});

test("answers go to who asked, in order, also for several items at once", async () => {
  const { submit, batches } = queueOf();
  const first = submit(1);
  const all = submit(2, 3, 4, 5, 6);
  await batches[0]?.finish();
  await batches[1]?.finish();
  await batches[2]?.finish();
  expect(await first).toEqual([10]);
  expect(await all).toEqual([20, 30, 40, 50, 60]);
  expect(batches.map(({ items }) => items)).toEqual([[1], [2, 3, 4, 5], [6]]);
});

test("who comes too many is refused; places are free again when their items are computed or given up", async () => {
  const { queue, submit } = queueOf({ maxQueue: 2 });
  void submit(1); // computed at once: it has no place any more
  const place = queue.enter();
  void submit(2);
  expect(queue.length).toBe(2);
  expect(() => queue.enter()).toThrow(QueueFull);
  place.leave();
  place.leave();
  expect(queue.length).toBe(1);
  expect(() => queue.enter(2)).toThrow(QueueFull);
  queue.enter().leave();
});

test("an aborted item leaves the queue, or its answer is dropped if it is being computed", async () => {
  const { queue, submit, batches, sizes } = queueOf();
  const [early, late] = [new AbortController(), new AbortController()];
  const computed = queue.enter().submit([1], early.signal);
  const waits = queue.enter().submit([2], late.signal);
  const third = submit(3);
  late.abort(new Error("too late"));
  early.abort(new Error("gone"));
  await expect(waits).rejects.toThrow("too late");
  await expect(computed).rejects.toThrow("gone");
  expect(queue.length).toBe(1);
  await batches[0]?.finish();
  expect(sizes()).toEqual([1, 1]);
  await batches[1]?.finish();
  expect(await third).toEqual([30]);
  await expect(queue.enter().submit([4], late.signal)).rejects.toThrow("too late");
});

test("a batch that fails tells all who are in it, and the next one goes on", async () => {
  const { submit, batches } = queueOf();
  const first = submit(1);
  const others = [submit(2), submit(3)];
  const all = Promise.allSettled([first, ...others]);
  await batches[0]?.fail(new Error("no memory"));
  await batches[1]?.finish();
  expect(await all).toMatchObject([
    { status: "rejected", reason: { message: "no memory" } },
    { status: "fulfilled", value: [20] },
    { status: "fulfilled", value: [30] },
  ]);
});

test("whatever comes when, all are answered, no batch is too large and none waits too long", async () => {
  const arrival = fc.record({ pause: fc.nat(15), count: fc.integer({ min: 1, max: 6 }), expects: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 20 }), fc.integer({ min: 1, max: 3 }), async (arrivals, lanes) => {
      const { queue, submit, batches, sizes, clock } = queueOf({ lanes, maxQueue: 1000 });
      const asked: Promise<number[]>[] = [];
      let done = 0;
      for (const { pause, count, expects } of arrivals) {
        if (expects) queue.enter().expect();
        asked.push(submit(...Array.from({ length: count }, (_, index) => index)));
        await clock.pass(pause);
        if (pause % 2 === 1 && done < batches.length) await batches[done++]?.finish();
      }
      for (await clock.pass(10); done < batches.length; await clock.pass(10)) await batches[done++]?.finish();
      expect((await Promise.all(asked)).map((answers) => answers.length)).toEqual(arrivals.map(({ count }) => count));
      expect(Math.max(0, ...sizes())).toBeLessThanOrEqual(4);
    }),
    { numRuns: 50 },
  );
});

test("without a clock of its own, the first item's delay is that of timers", async () => {
  vi.useFakeTimers();
  try {
    const sizes: number[] = [];
    const run = async (items: readonly number[]): Promise<number[]> => {
      sizes.push(items.length);
      return items.map((item) => -item);
    };
    const queue = new BatchQueue({ maxBatch: 4, maxDelayMs: 20, maxQueue: 9, lanes: 1, run });
    const other = queue.enter();
    other.expect();
    const answers = queue.enter(2).submit([1, 2]);
    await vi.advanceTimersByTimeAsync(19);
    expect(sizes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([await answers, sizes]).toEqual([[-1, -2], [2]]);
    other.leave();
  } finally {
    vi.useRealTimers();
  }
});
