import type { Shape } from "../../graph/value.ts";
import type { HostMask } from "../../onnx/lower.ts";
import type { ErrorData } from "../../thread.ts";
import type { Feeds, Results, VariableData } from "../engine.ts";
import type { Signals } from "./signals.ts";

/** A port of the model: element type and shape, by name. */
export interface Port {
  readonly name: string;
  readonly kind: "float32" | "int32";
  readonly shape: Shape;
}

/** A lowered Program as the engine's thread gets it. */
export interface CompiledProgram {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Port[];
  readonly masks: readonly HostMask[];
  /** Variables that the model reads; all variables of the Program are in `declared`. */
  readonly variables: readonly string[];
  /** Variables whose content becomes part of the session. */
  readonly constants: readonly string[];
  readonly declared: readonly Port[];
  /** The model's outputs, by the names of the Program's. */
  readonly outputs: ReadonlyMap<string, Port>;
  readonly updates: ReadonlyMap<string, string>;
}

/** What the engine's thread is asked to do, in order. */
export type Task =
  | { readonly kind: "block" }
  | { readonly kind: "compile"; readonly program: number; readonly compiled: CompiledProgram; readonly seldom: boolean }
  | { readonly kind: "release"; readonly program: number }
  | { readonly kind: "run"; readonly program: number; readonly feeds: Feeds }
  | { readonly kind: "write"; readonly values: ReadonlyMap<string, VariableData> }
  | { readonly kind: "read"; readonly names?: readonly string[] }
  | { readonly kind: "close" };

/** A task with the number that its answer carries. */
export interface Request {
  readonly id: number;
  readonly task: Task;
}

/** What the thread answers. */
export interface Answer {
  readonly id: number;
  /** Channels in a block of the blocked layout; 0 where this machine has none. */
  readonly block?: number;
  readonly results?: Results;
  readonly values?: Map<string, VariableData>;
  readonly error?: ErrorData;
}

/** How sessions run. */
export interface SessionSettings {
  /** Threads that compute. */
  readonly threads: number;
}

/** What the thread is started with. */
export interface ThreadData {
  readonly settings: SessionSettings;
  readonly signals: Signals;
}
