/**
 * `npm run fuzz`: changed inputs for every reader, led by the code that they reach. Options: names of targets, `--seconds N` and
 * `--cases N` for each (60 s and no limit by default), `--inputs N` for all of them together: rounds over all targets are begun
 * until so many were tried (1,000,000 by default; 1 with `--seconds` or names), `--seed N`, `--keep` to keep the inputs that
 * reached new code. A run over all with no other options writes `RESULTS.md`.
 * A fault ends with exit code 1; its input is kept in `tests/fuzz/found`, where `npm test` reads it from then on.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startThread } from "../../src/thread.ts";
import type { FuzzResult } from "./engine/loop.ts";
import type { ThreadWork } from "./engine/thread.ts";
import { addTo, newTotal, resultsPage, type Total } from "./results.ts";
import { TARGETS, targetOf } from "./targets.ts";

/** Milliseconds that one input may take. */
const LONGEST = 5000;
/** Megabytes of V8's heap. */
const HEAP = 512;
/** Bytes of an input that is fuzzed, and of one that is kept. */
const LARGEST_INPUT = 1 << 20;
const LARGEST_KEPT = 4096;
const HERE = import.meta.dirname;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string" },
    inputs: { type: "string" },
    cases: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "0" },
    keep: { type: "boolean", default: false },
  },
});

const isPart = positionals.length > 0 || values.seconds !== undefined;
const seconds = Number(values.seconds ?? 60);
const wanted = Number(values.inputs ?? (isPart ? 1 : 1_000_000));

/** The inputs kept of a target. */
function kept(folder: string, target: string): Uint8Array[] {
  const path = join(HERE, folder, target);
  try {
    return readdirSync(path).map((name) => new Uint8Array(readFileSync(join(path, name))));
  } catch {
    return []; // none was kept
  }
}

function keep(folder: string, target: string, input: Uint8Array): string {
  const path = join(HERE, folder, target);
  mkdirSync(path, { recursive: true });
  const file = join(path, createHash("sha256").update(input).digest("hex").slice(0, 16));
  writeFileSync(file, input);
  return file;
}

/** From where a round begins. */
interface Beginning {
  readonly seed: number;
  /** Inputs of rounds before that lead on. */
  readonly leads: readonly Uint8Array[];
}

interface Outcome {
  readonly result?: FuzzResult;
  readonly faults: readonly string[];
}

/** Fuzzes one target in a thread of its own, which is ended if an input takes too long. */
async function run(target: string, { seed, leads }: Beginning): Promise<Outcome> {
  const state = new Int32Array(new SharedArrayBuffer(8));
  state[1] = -1;
  const input = new Uint8Array(new SharedArrayBuffer(LARGEST_INPUT));
  const work: ThreadWork = {
    ...{ target, seed, corpus: [...kept("corpus", target), ...kept("found", target), ...leads] },
    ...{ time: 1000 * seconds, cases: Number(values.cases) },
    ...{ state: state.buffer as SharedArrayBuffer, input: input.buffer as SharedArrayBuffer },
  };
  const worker = startThread(new URL("./engine/thread.ts", import.meta.url), work, { maxOldGenerationSizeMb: HEAP });
  const faults: string[] = [];
  let result: FuzzResult | undefined;
  const fault = (bytes: Uint8Array, what: string): void => {
    const file = keep("found", target, bytes);
    if (!faults.some((known) => known.includes(file))) faults.push(`${what}\n  input: ${file}`);
  };
  const current = (): Uint8Array => input.slice(0, Math.max(0, Atomics.load(state, 1)));
  let last = -1;
  const watch = setInterval(() => {
    const begun = Atomics.load(state, 0);
    if (begun === last && Atomics.load(state, 1) !== -1) {
      fault(current(), `an input took more than ${LONGEST / 1000} s`);
      void worker.terminate();
    }
    last = begun;
  }, LONGEST);
  await new Promise<void>((done) => {
    worker.on("message", (told: { fault?: string; input?: Uint8Array; result?: FuzzResult }) => {
      if (told.fault !== undefined && told.input) fault(told.input, told.fault);
      result = told.result ?? result;
      if (result) void worker.terminate(); // a server that it opened would keep it alive
    });
    worker.on("error", (error) => fault(current(), String(error)));
    worker.on("exit", () => done());
  });
  clearInterval(watch);
  return { result, faults };
}

/** Fuzzes a target and tells what came of it. */
async function tell(name: string, total: Total): Promise<void> {
  const { result, faults } = await run(name, { seed: Number(values.seed) + total.rounds, leads: total.leads });
  const facts = result
    ? `${result.cases} inputs, ${result.corpus.length} lead on, ${result.reached} characters of the sources reached`
    : "ended early";
  console.log([`${name}: ${facts}, ${faults.length} faults`, ...faults.map((fault) => `  ${fault}`)].join("\n"));
  total.rounds++;
  total.faults += faults.length;
  if (result) addTo(total, result);
  if (values.keep && result) keepLeads(name, result.corpus);
}

function keepLeads(name: string, leads: readonly Uint8Array[]): void {
  const seeds = targetOf(name).seeds();
  const isSmall = (input: Uint8Array): boolean => input.length <= LARGEST_KEPT;
  const isSeed = (input: Uint8Array): boolean => seeds.some((seed) => Buffer.compare(seed, input) === 0);
  for (const input of leads) if (isSmall(input) && !isSeed(input)) keep("corpus", name, input);
}

const names = (positionals.length === 0 ? TARGETS : positionals.map(targetOf)).map(({ name }) => name);
const totals = new Map(names.map((name) => [name, newTotal()]));
const sum = (key: "cases" | "faults"): number => [...totals.values()].reduce((all, total) => all + total[key], 0);
do {
  const waiting = [...totals];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await tell(...next);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
} while (sum("cases") < wanted && sum("faults") === 0);
console.log(`${sum("cases")} inputs in all, ${sum("faults")} faults`);
if (!isPart) writeFileSync(join(HERE, "RESULTS.md"), resultsPage(totals));
process.exitCode = sum("faults") === 0 ? 0 : 1;
