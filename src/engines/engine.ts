import type { Program } from "../graph/program.ts";
import type { Shape } from "../graph/value.ts";

/** Names of the engines: `onnx` is always there, `onednn` where a libdnnl is, `reference` is the slow judge of tests. */
export const ENGINE_NAMES = ["onnx", "onednn", "reference"] as const;
/** Name of an engine. */
export type EngineName = (typeof ENGINE_NAMES)[number];

/**
 * How exact the products are: `fp32`, or `bf16`, where images, weights and their gradients in convolutions are bfloat16 (8 bits of fraction),
 * added up in float32. Variables, statistics and losses are float32 either way.
 */
export const PRECISIONS = ["fp32", "bf16"] as const;
/** One of the precisions. */
export type Precision = (typeof PRECISIONS)[number];

/** Data of an input by name, row-major: Float32Array, or Int32Array where the input's type is int32. */
export type Feeds = Readonly<Record<string, Float32Array | Int32Array>>;

/** Data of each output by name, row-major. */
export type Results = Readonly<Record<string, Float32Array>>;

/** Content of a variable, row-major. */
export interface VariableData {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** A compiled Program. Runs of one engine happen in the order in which they were asked for. */
export interface Executable {
  /**
   * Runs the Program once. It may be called again before the last run has ended, to keep the engine busy.
   *
   * Each input must be given, with as many elements as its shape says. With `transfer` the engine may take the buffers of
   * `feeds`, which are then empty; without it they are copied.
   */
  run(feeds: Feeds, options?: { readonly transfer?: boolean }): Promise<Results>;
  /** Whether a variable that is a constant of it was written or updated since it was compiled: runs are refused from then on. */
  readonly stale: boolean;
  /** Frees what it holds, after all runs that were asked for before; it cannot be run any more. */
  close(): Promise<void>;
}

/** How a Program is to be compiled. */
export interface CompileOptions {
  /** That it is run seldom: no memory is kept from run to run. */
  readonly seldom?: boolean;
  /**
   * Variables that become constants of what is compiled, with the content that they have then: all, or those whose names the
   * predicate picks. An engine makes use of that (weights in the layout of its kernels, normalisation folded into them).
   * When one of them is written or updated afterwards, the executable is stale: it has to be compiled again. A Program cannot
   * have constants that it updates.
   */
  readonly constants?: "all" | ((variable: string) => boolean);
}

/** Where Programs run. Holds the variables, which all its Programs share by name. */
export interface Engine {
  readonly name: EngineName;
  /** What a person should know of how it was chosen. */
  readonly note?: string;
  /** Prepares a Program; its variables are zero until they are written. A variable has one shape in all Programs. */
  compile(program: Program, options?: CompileOptions): Promise<Executable>;
  /**
   * Sets variables by name, after all runs that were asked for before: all of them, or none if one does not fit. With
   * `transfer` the engine may take the buffers of `values`, which are then empty.
   */
  write(values: ReadonlyMap<string, VariableData>, options?: { readonly transfer?: boolean }): Promise<void>;
  /** Copies of variables by name, as they are after all runs that were asked for before; by default of all. */
  read(names?: readonly string[]): Promise<Map<string, VariableData>>;
  /** Ends the engine and frees what it holds; it does not keep the process alive any more. */
  close(): Promise<void>;
}
