/** Programs and variables of one onednn engine: runs in the engine's own thread, because oneDNN's calls block. */

import { UserError } from "../../errors.ts";
import { type PackedProgram, unpackProgram } from "../../graph/pack.ts";
import type { Feeds, Results, VariableData } from "../engine.ts";
import type { Runner, RunnerSettings } from "../thread/protocol.ts";
import { Dnnl } from "./dnnl.ts";
import { loadLibrary } from "./library.ts";
import { Plan } from "./plan.ts";
import { Store } from "./store.ts";

/** A Program as the engine's thread gets it. */
export interface CompiledProgram {
  readonly packed: PackedProgram;
  /** Variables that keep their content as long as the Program is run. */
  readonly constants: ReadonlySet<string>;
}

/** Loads oneDNN at once; a `UserError` says what is missing. */
export class DnnlRunner implements Runner<CompiledProgram> {
  readonly #store: Store;
  readonly #plans = new Map<number, Plan>();

  constructor({ threads, precision }: RunnerSettings) {
    const dnnl = new Dnnl(loadLibrary(), threads);
    if (precision === "bf16" && !dnnl.hasBfloat16) {
      throw new UserError(
        "precision: expected a processor with bfloat16 instructions (AVX-512 BF16 or AMX) for bf16 but this one has none.",
        "Leave --precision out.",
      );
    }
    this.#store = new Store(dnnl, precision === "bf16" ? "bfloat16" : "float32");
  }

  /** Plans a Program. All Programs share the memory of a run, so one of seldom use takes none of its own. */
  compile(program: number, { packed, constants }: CompiledProgram): void {
    this.#plans.set(program, new Plan(this.#store, unpackProgram(packed), constants));
  }

  /** Runs a Program once. */
  run(program: number, feeds: Feeds): Results {
    const plan = this.#plans.get(program);
    if (!plan) throw new Error(`there is no compiled Program ${program}`);
    return plan.run(feeds);
  }

  /** Frees a Program; variables stay. */
  release(program: number): void {
    this.#plans.get(program)?.free();
    this.#plans.delete(program);
  }

  /** Sets variables. */
  write(values: ReadonlyMap<string, VariableData>): void {
    this.#store.write(values);
  }

  /** Copies of variables. */
  read(names?: readonly string[]): Map<string, VariableData> {
    return this.#store.read(names);
  }

  /** Frees oneDNN's objects and memory. */
  close(): void {
    for (const program of [...this.#plans.keys()]) this.release(program);
    this.#store.close();
  }
}
