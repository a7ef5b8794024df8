import { inputName, type Program } from "../../graph/program.ts";
import type { TensorType } from "../../graph/value.ts";
import type { Target } from "../../onnx/emitter.ts";
import { lowerProgram } from "../../onnx/lower.ts";
import { encodeModel } from "../../onnx/model.ts";
import type { Engine } from "../engine.ts";
import { threadEngine } from "../thread/engine.ts";
import type { RunnerSettings } from "../thread/protocol.ts";
import type { CompiledProgram, Port } from "./protocol.ts";

/** Opens the engine that runs Programs in ONNX Runtime; `threads` compute. */
export const openOnnxEngine = (settings: RunnerSettings): Engine =>
  threadEngine<CompiledProgram>({
    name: "onnx",
    module: new URL("./thread.ts", import.meta.url),
    settings,
    async prepare(program, { probe, constants }) {
      const compiled = compiledProgram(program, { contrib: true, block: await probe() }, constants);
      return { compiled, transfer: [compiled.model.buffer] };
    },
  });

const portOf = (name: string, { dtype, shape }: TensorType): Port => ({
  name,
  kind: dtype === "int32" ? "int32" : "float32",
  shape,
});

function compiledProgram(program: Program, target: Target, external: ReadonlySet<string>): CompiledProgram {
  const lowered = lowerProgram(program, { target, external });
  const fed = new Set(lowered.inputs);
  return {
    model: encodeModel(lowered.model) as Uint8Array<ArrayBuffer>,
    inputs: program.inputs.flatMap((value) => {
      const name = inputName(value);
      return fed.has(name) ? [portOf(name, value)] : [];
    }),
    masks: lowered.masks,
    variables: lowered.variables,
    constants: lowered.external,
    declared: program.variables.map((variable) => portOf(variable.name, variable)),
    outputs: new Map(
      Object.entries(program.outputs).map(([name, value]) => [name, portOf(lowered.outputs.get(name) ?? name, value)]),
    ),
    updates: lowered.updates,
  };
}
