import { availableParallelism } from "node:os";
import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { ENGINE_NAMES, type Engine, type EngineName, type Precision } from "./engine.ts";
import { expectOnednn, expectOnnxEngine, fastestEngine } from "./inspect.ts";

export {
  type CompileOptions,
  ENGINE_NAMES,
  type Engine,
  type EngineName,
  type Executable,
  type Feeds,
  PRECISIONS,
  type Precision,
  type Results,
  type VariableData,
} from "./engine.ts";

export { type EngineReport, inspectEngines } from "./inspect.ts";

/** What `openEngine` takes. */
export interface EngineOptions {
  /** Threads that compute, 1 or more; by default as many as there are cores. The reference engine has one. */
  readonly threads?: number;
  /** `fp32` by default; `bf16` is for the onednn engine on processors that have it. */
  readonly precision?: Precision;
  /**
   * A file for choices of the onnx engine: which algorithm is fastest for each convolution is then measured when a Program is first
   * compiled, and kept there. Without it the algorithms are chosen by rule.
   */
  readonly kernelChoices?: string;
}

/** Whether `name` is the name of an engine. */
export const isEngineName = (name: string): name is EngineName => (ENGINE_NAMES as readonly string[]).includes(name);

/**
 * Opens an engine by name; `auto` is the fastest that this machine has. An unknown name is a `UserError`, and so is an
 * engine whose runtime is not installed.
 */
export async function openEngine(
  name: string = "auto",
  { threads = availableParallelism(), precision = "fp32", kernelChoices }: EngineOptions = {},
): Promise<Engine> {
  if (name === "auto") {
    const { name: fastest, note } = await fastestEngine();
    const engine = await openEngine(fastest, { threads, precision, kernelChoices });
    return note === undefined ? engine : { ...engine, note };
  }
  if (!isEngineName(name)) throw unknownEngine(name);
  if (precision !== "fp32" && name !== "onednn") {
    throw new UserError(
      `precision: expected fp32 on the ${name} engine but got ${precision}.`,
      "Take --engine onednn, which needs a libdnnl (see `ocelli doctor`), or leave --precision out.",
    );
  }
  if (name === "reference") {
    const { openReferenceEngine } = await import("./reference/engine.ts");
    return openReferenceEngine();
  }
  if (name === "onednn") {
    await expectOnednn();
    const { openOnednnEngine } = await import("./onednn/engine.ts");
    return openOnednnEngine({ threads, precision });
  }
  expectOnnxEngine();
  const { openOnnxEngine } = await import("./onnx/engine.ts");
  return openOnnxEngine({ threads, precision }, kernelChoices);
}

function unknownEngine(name: string): UserError {
  const known = ["auto", ...ENGINE_NAMES];
  const likely = nearest(name, known);
  return new UserError(
    `engine: expected one of ${known.join(", ")} but got "${name}".`,
    likely ? `Did you mean "${likely}"?` : "Leave the option out to take the fastest engine there is.",
  );
}
