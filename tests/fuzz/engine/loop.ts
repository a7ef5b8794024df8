/** Fuzzing of one target in this thread: inputs that reach new code are kept and changed further. */
import { rngFor } from "../../../src/rng.ts";
import { isRefusal, type Target } from "../target.ts";
import { type Coverage, openCoverage } from "./coverage.ts";
import { mutated } from "./mutate.ts";

/** What is told on the way. */
export interface Watcher {
  /** Called before an input is read, so that one that never ends is known. */
  begin(input: Uint8Array): void;
  end(): void;
  /** A fault of the target, with the input that shows it. */
  fault(input: Uint8Array, what: string): void;
}

/** How long, and from where. */
export interface FuzzOptions {
  readonly seed: number;
  /** Inputs that were kept before. */
  readonly corpus: readonly Uint8Array[];
  /** Whether to go on. */
  readonly goesOn: (cases: number) => boolean;
}

/** What came of it. */
export interface FuzzResult {
  readonly cases: number;
  /** Characters of the sources that were reached. */
  readonly reached: number;
  /** Inputs that each reached code which those before it had not. */
  readonly corpus: readonly Uint8Array[];
  /** The longest that an input took, in milliseconds, and the most memory beside V8's heap after one, in bytes. */
  readonly most: Cost;
}

/** What an input took. */
export interface Cost {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** Inputs between two looks at what they reached, which take some milliseconds. */
const BATCH = 200;
/** Memory beside V8's heap that one input of at most 64 KiB may leave, in bytes. */
const MOST_MEMORY = 256 * 2 ** 20;

/** Reads one input and tells faults; what it took. */
export async function readOne({ read }: Target, input: Uint8Array, watcher: Watcher): Promise<Cost> {
  watcher.begin(input);
  const began = performance.now();
  try {
    await read(input);
  } catch (error) {
    if (!isRefusal(error))
      watcher.fault(input, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  watcher.end();
  const milliseconds = performance.now() - began;
  const { external, arrayBuffers } = process.memoryUsage();
  const bytes = external + arrayBuffers;
  if (MOST_MEMORY < bytes) watcher.fault(input, `${bytes} bytes beside the heap`);
  return { milliseconds, bytes };
}

/** Fuzzes the target until `goesOn` says no. */
export async function fuzz(target: Target, watcher: Watcher, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, goesOn } = options;
  const rng = rngFor(seed, "fuzz");
  await target.open?.();
  const coverage = await openCoverage();
  const words = target.words.map((word) => new Uint8Array(Buffer.from(word, "latin1")));
  let most: Cost = { milliseconds: 0, bytes: 0 };
  const run = async (inputs: readonly Uint8Array[]): Promise<void> => {
    for (const input of inputs) {
      const { milliseconds, bytes } = await readOne(target, input, watcher);
      most = { milliseconds: Math.max(most.milliseconds, milliseconds), bytes: Math.max(most.bytes, bytes) };
    }
  };
  const corpus: Uint8Array[] = [];
  const first = [...target.seeds(), ...options.corpus];
  await keepNew(first, { run, coverage, corpus });
  if (corpus.length === 0) corpus.push(...first);
  const pick = (): Uint8Array => corpus[rng.integer(0, corpus.length - 1)] ?? new Uint8Array();
  let cases = first.length;
  while (goesOn(cases)) {
    const batch = Array.from({ length: BATCH }, () => mutated(pick(), { rng, words, other: pick }));
    await run(batch);
    cases += batch.length;
    if (await coverage.isNew(false)) await keepNew(batch, { run, coverage, corpus });
  }
  coverage.close();
  return { cases, reached: coverage.size, corpus, most };
}

interface Keeping {
  readonly run: (inputs: readonly Uint8Array[]) => Promise<void>;
  readonly coverage: Coverage;
  readonly corpus: Uint8Array[];
}

/** Finds the inputs that reach new code by running halves of them again. */
async function keepNew(inputs: readonly Uint8Array[], { run, coverage, corpus }: Keeping): Promise<void> {
  await coverage.isNew(false); // what ran before counts no more
  await run(inputs);
  if (!(await coverage.isNew(inputs.length === 1))) return;
  if (inputs.length === 1) {
    corpus.push(...inputs);
    return;
  }
  const half = Math.ceil(inputs.length / 2);
  await keepNew(inputs.slice(0, half), { run, coverage, corpus });
  await keepNew(inputs.slice(half), { run, coverage, corpus });
}
