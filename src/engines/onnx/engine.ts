import { inputName, type Program } from "../../graph/program.ts";
import type { TensorType } from "../../graph/value.ts";
import type { Target } from "../../onnx/emitter.ts";
import { lowerProgram } from "../../onnx/lower.ts";
import { encodeModel } from "../../onnx/model.ts";
import type { Engine } from "../engine.ts";
import { threadEngine } from "../thread/engine.ts";
import type { RunnerSettings } from "../thread/protocol.ts";
import type { CompiledProgram, Port } from "./protocol.ts";
import { Tuner } from "./tuner.ts";

/**
 * Opens the engine that runs Programs in ONNX Runtime; `threads` compute. With `choices`, a file, the algorithms of convolutions are
 * chosen by measurement and kept there; else by rule.
 */
export function openOnnxEngine(settings: RunnerSettings, choices?: string): Engine {
  const tuner = choices === undefined ? undefined : new Tuner(choices, settings.threads);
  return threadEngine<CompiledProgram>({
    name: "onnx",
    module: new URL("./thread.ts", import.meta.url),
    settings,
    async prepare(program, { probe, measure, constants, seldom }) {
      const target: Target = { contrib: true, block: await probe() };
      const tuned = seldom || target.block === 0 ? undefined : tuner;
      const algorithms = await tuned?.choose(program, { target, constants, measure });
      const compiled = compiledProgram(program, { ...target, algorithms }, constants);
      return { compiled, transfer: [compiled.model.buffer] };
    },
  });
}

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
