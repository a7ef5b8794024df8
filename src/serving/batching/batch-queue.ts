/** Gathers single items into batches for whoever computes them, so that no item waits for company longer than a bound. */

/** What the time is, and how to be called later. */
export interface Clock {
  /** Milliseconds from any moment on. */
  readonly now: () => number;
  /** Calls once after so many milliseconds, unless what it returns is called before. */
  readonly after: (milliseconds: number, call: () => void) => () => void;
}

/** How items are gathered and computed. */
export interface BatchQueueOptions<Item, Answer> {
  /** Items of a batch at most. */
  readonly maxBatch: number;
  /** Milliseconds that an item waits at most for others to come while a lane is free. */
  readonly maxDelayMs: number;
  /** Places: items that have entered and are not computed yet. */
  readonly maxQueue: number;
  /** Batches that are computed at once. */
  readonly lanes: number;
  /** Computes a batch; the answers in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly clock?: Clock;
}

/** A place in the queue, taken before there is an item, so that who comes too many is refused at once. */
export interface Place<Item, Answer> {
  /** Says that the items are about to come: who waits may wait for them. */
  expect(): void;
  /**
   * Hands over the items of the place; their answers. If `signal` aborts, items that still wait leave the queue, and the reason is thrown
   * at once.
   */
  submit(items: readonly Item[], signal?: AbortSignal): Promise<Answer[]>;
  /** Gives up the place if nothing was handed over; to be called in any case. */
  leave(): void;
}

/** Thrown where there is no place. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";

  constructor() {
    super("the queue is full");
  }
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const realClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Batches prepared for each lane while it computes another: only full ones, as a fuller one may yet come of others. */
const AHEAD = 1;

/**
 * A batch begins as soon as a lane is free and it is full, or nobody else is expected, or its first item has waited for
 * `maxDelayMs`. A lone item so never waits.
 */
export class BatchQueue<Item, Answer> {
  readonly #options: BatchQueueOptions<Item, Answer>;
  readonly #clock: Clock;
  #waiting: Waiting<Item, Answer>[] = [];
  /** Places whose items have not come yet. */
  #entered = 0;
  /** Those of them that are about to come. */
  #expected = 0;
  #running = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: BatchQueueOptions<Item, Answer>) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
  }

  /** Places that are taken. */
  get length(): number {
    return this.#entered + this.#waiting.length;
  }

  /** Whether there is no place. */
  get isFull(): boolean {
    return this.#options.maxQueue <= this.length;
  }

  /** Takes places for `count` items, or throws `QueueFull`. */
  enter(count = 1): Place<Item, Answer> {
    if (this.#options.maxQueue < this.length + count) throw new QueueFull();
    this.#entered += count;
    let [isHere, isExpected] = [true, false];
    const leave = (): void => {
      if (!isHere) return;
      this.#entered -= count;
      if (isExpected) this.#expected -= count;
      isHere = false;
    };
    return {
      expect: () => {
        if (!isExpected && isHere) this.#expected += count;
        isExpected = true;
      },
      submit: async (items, signal) => {
        if (items.length !== count || !isHere) throw new Error(`a place for ${count} items got ${items.length}`);
        leave();
        try {
          return await Promise.all(items.map((item) => this.#add(item, signal)));
        } finally {
          this.#startBatches();
        }
      },
      leave: () => {
        leave();
        this.#startBatches();
      },
    };
  }

  #add(item: Item, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal?.reason);
        this.#startBatches();
      };
      const settled = (): void => signal?.removeEventListener("abort", giveUp);
      const waiting: Waiting<Item, Answer> = {
        item,
        since: this.#clock.now(),
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(waiting);
      this.#startBatches();
    });
  }

  #startBatches(): void {
    while (this.#mayStart()) this.#start();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const [oldest] = this.#waiting;
    if (!oldest || this.#options.lanes <= this.#running) return;
    const left = oldest.since + this.#options.maxDelayMs - this.#clock.now();
    this.#cancelTimer = this.#clock.after(left, () => this.#startBatches());
  }

  #mayStart(): boolean {
    const { lanes, maxBatch, maxDelayMs } = this.#options;
    const [oldest] = this.#waiting;
    if (!oldest) return false;
    const isFull = maxBatch <= this.#waiting.length;
    if (lanes <= this.#running) return isFull && this.#running < lanes * (1 + AHEAD);
    return isFull || this.#expected === 0 || maxDelayMs <= this.#clock.now() - oldest.since;
  }

  #start(): void {
    const batch = this.#waiting.splice(0, this.#options.maxBatch);
    this.#running++;
    void this.#compute(batch).finally(() => {
      this.#running--;
      this.#startBatches();
    });
  }

  async #compute(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#options.run(batch.map(({ item }) => item));
      if (answers.length !== batch.length) throw new Error(`${batch.length} items got ${answers.length} answers`);
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
