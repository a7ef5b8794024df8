import type { Shape } from "../../graph/value.ts";
import type { HostMask } from "../../onnx/lower.ts";

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
