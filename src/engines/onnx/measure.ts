/** Measures models that compute the same. */
import { sizeOf } from "../../graph/value.ts";
import { rngFor } from "../../rng.ts";
import type { CompiledProgram, Port } from "./protocol.ts";
import { onnxRuntime, type Tensor } from "./runtime.ts";

/** Rounds in which every model that is still of interest runs, and milliseconds after which no further one begins. */
const ROUNDS = { least: 4, most: 8 };
const ENOUGH = 150;
/** A model that takes so many times as long as the fastest in the first round is given up. */
const HOPELESS = 1.5;
/** Different random numbers in an operand. */
const NUMBERS = 4096;

/** Memory is slow to get, so all measurements of a thread read and write the same. */
let operands = new Float32Array();
let results = new Float32Array();

/** Random numbers in −0.5..0.5, over and over. */
function noise(size: number): Float32Array {
  if (operands.length < size) {
    const rng = rngFor(0, "measure");
    const numbers = Float32Array.from({ length: NUMBERS }, () => rng.uniform() - 0.5);
    operands = new Float32Array(size);
    for (let from = 0; from < size; from += NUMBERS) operands.set(numbers.subarray(0, size - from), from);
  }
  return operands.subarray(0, size);
}

function scratch(size: number): Float32Array {
  if (results.length < size) results = new Float32Array(size);
  return results.subarray(0, size);
}

function timeOf(run: () => void): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}

/**
 * The least time of each of some models that compute the same of the same operands, in milliseconds; they take turns, so that what slows
 * the machine slows all. The operands are random, since products with zeros or subnormal numbers may take another time.
 */
export function measureModels(models: readonly CompiledProgram[], threads: number): readonly number[] {
  const runtime = onnxRuntime();
  const opened: (() => void)[] = [];
  const tensorsOf = (ports: readonly Port[], data: (size: number) => Float32Array): Tensor[] =>
    ports.map(({ shape }) => {
      const tensor = runtime.tensor(data(sizeOf(shape)), shape);
      opened.push(() => runtime.free(tensor));
      return tensor;
    });
  const names = (ports: readonly Port[]): string[] => ports.map(({ name }) => name);
  try {
    const runs = models.map(({ model, inputs, outputs }) => {
      const written = [...outputs.values()];
      const session = runtime.open(model, { inputs: names(inputs), outputs: names(written), threads });
      opened.push(() => session.release());
      const [feeds, results] = [tensorsOf(inputs, noise), tensorsOf(written, scratch)]; // nobody reads the results
      return () => session.run(feeds, results);
    });
    return leastTimes(runs);
  } finally {
    for (const close of opened) close();
  }
}

function leastTimes(runs: readonly (() => void)[]): number[] {
  for (const run of [...runs, ...runs]) run(); // takes memory, which is slow to get
  const least = runs.map(() => Number.POSITIVE_INFINITY);
  const until = performance.now() + ENOUGH;
  for (let round = 0; round < ROUNDS.least || (round < ROUNDS.most && performance.now() < until); round++) {
    const limit = HOPELESS * Math.min(...least);
    for (const [index, run] of runs.entries()) {
      const best = least[index] ?? 0;
      if (round < 2 || best < limit) least[index] = Math.min(best, timeOf(run));
    }
  }
  return least;
}
