/** Measures models that compute the same. */
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { sizeOf } from "../../graph/value.ts";
import { rngFor } from "../../rng.ts";
import type { CompiledProgram, Port } from "./protocol.ts";

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

const tensorsOf = (ports: Iterable<Port>, data: (size: number) => Float32Array): Record<string, Tensor> =>
  Object.fromEntries(
    Array.from(ports, ({ name, shape }) => [name, new Tensor("float32", data(sizeOf(shape)), [...shape])]),
  );

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/**
 * The least time of each of some models that compute the same of the same operands, in milliseconds; they take turns, so that what slows
 * the machine slows all. The operands are random, since products with zeros or subnormal numbers may take another time.
 */
export async function measureModels(
  models: readonly CompiledProgram[],
  open: (model: CompiledProgram) => Promise<InferenceSession>,
): Promise<readonly number[]> {
  const sessions: InferenceSession[] = [];
  try {
    const runs: (() => Promise<unknown>)[] = [];
    for (const model of models) {
      const session = await open(model);
      sessions.push(session);
      const feeds = tensorsOf(model.inputs, noise);
      const outputs = tensorsOf(model.outputs.values(), scratch); // nobody reads them
      runs.push(() => session.run(feeds, outputs));
    }
    return await leastTimes(runs);
  } finally {
    for (const session of sessions) await session.release();
  }
}

async function leastTimes(runs: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  for (const run of [...runs, ...runs]) await run(); // takes memory, which is slow to get
  const least = runs.map(() => Number.POSITIVE_INFINITY);
  const until = performance.now() + ENOUGH;
  for (let round = 0; round < ROUNDS.least || (round < ROUNDS.most && performance.now() < until); round++) {
    const limit = HOPELESS * Math.min(...least);
    for (const [index, run] of runs.entries()) {
      const best = least[index] ?? 0;
      if (round < 2 || best < limit) least[index] = Math.min(best, await timeOf(run));
    }
  }
  return least;
}
