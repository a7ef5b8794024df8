import type { ErrorData } from "../../thread.ts";
import type { Feeds, Precision, Results, VariableData } from "../engine.ts";
import type { Signals } from "./signals.ts";

/** What the thread of an engine is asked to do, in order; `Compiled` is the form in which a Program is sent to it. */
export type Task<Compiled> =
  | { readonly kind: "probe" }
  | { readonly kind: "measure"; readonly alternatives: readonly Compiled[] }
  | { readonly kind: "compile"; readonly program: number; readonly compiled: Compiled; readonly seldom: boolean }
  | { readonly kind: "release"; readonly program: number }
  | { readonly kind: "run"; readonly program: number; readonly feeds: Feeds }
  | { readonly kind: "write"; readonly values: ReadonlyMap<string, VariableData> }
  | { readonly kind: "read"; readonly names?: readonly string[] }
  | CloseTask;

/** The last task, after which the thread holds nothing any more. */
export interface CloseTask {
  readonly kind: "close";
}

/** A task with the number that its answer carries. */
export interface Request<Task> {
  readonly id: number;
  readonly task: Task;
}

/** What every answer has. */
export interface BareAnswer {
  readonly id: number;
  readonly error?: ErrorData;
}

/** What the thread of an engine answers. */
export interface Answer extends BareAnswer {
  /** What `Runner.probe` found. */
  readonly found?: number;
  /** What `Runner.measure` found. */
  readonly times?: readonly number[];
  readonly results?: Results;
  readonly values?: Map<string, VariableData>;
}

/** How an engine computes. */
export interface RunnerSettings {
  /** Threads that compute. */
  readonly threads: number;
  readonly precision: Precision;
}

/** What the thread is started with. */
export interface ThreadData {
  readonly settings: RunnerSettings;
  readonly signals: Signals;
}

/** Programs and variables of one engine, inside its thread. */
export interface Runner<Compiled> {
  /** Whatever the owner must know of this machine before it compiles. */
  probe?(): number;
  /** Milliseconds that each of some Programs, which compute the same, takes. */
  measure?(alternatives: readonly Compiled[]): readonly number[];
  /** Makes ready to run a Program under a number; one of `seldom` use keeps no memory between runs. */
  compile(program: number, compiled: Compiled, seldom: boolean): void;
  /** Runs a Program once; the results are copies. */
  run(program: number, feeds: Feeds): Results;
  /** Frees a Program; variables stay. */
  release(program: number): void;
  /** Sets variables; one that no Program has declared yet is kept for it. */
  write(values: ReadonlyMap<string, VariableData>): void;
  /** Copies of variables, by default of all. */
  read(names?: readonly string[]): Map<string, VariableData>;
  /** Frees what would outlive the thread; nothing comes after it. */
  close(): void;
}
