import type { HostTensor } from "../../graph/define-op.ts";
import { inputName, type Program } from "../../graph/program.ts";
import { sizeOf } from "../../graph/value.ts";
import type { Engine, Executable, Feeds, VariableData } from "../engine.ts";
import { evaluateProgram } from "./evaluate.ts";

/** The engine of plain loops in float64: slow and obvious. Variables are kept in float64 between runs. */
export function openReferenceEngine(): Engine {
  const variables = new Map<string, HostTensor>();
  return {
    name: "reference",
    async compile(program) {
      for (const { name, shape } of program.variables) {
        if (!variables.has(name)) variables.set(name, { shape, data: new Float64Array(sizeOf(shape)) });
      }
      return executable(program, variables);
    },
    async write(values) {
      for (const [name, { shape, data }] of values) variables.set(name, { shape, data: Float64Array.from(data) });
    },
    async read(names = [...variables.keys()]) {
      return new Map(names.map((name) => [name, variableData(name, variables.get(name))]));
    },
    async close() {
      variables.clear();
    },
  };
}

function executable(program: Program, variables: Map<string, HostTensor>): Executable {
  return {
    async run(feeds) {
      const { outputs, updates } = evaluateProgram(program, hostFeeds(program, feeds), variables);
      for (const [name, tensor] of updates) variables.set(name, tensor);
      const results = Object.entries(outputs).map(([name, { data }]) => [name, Float32Array.from(data)] as const);
      return Object.fromEntries(results);
    },
  };
}

function hostFeeds(program: Program, feeds: Feeds): Record<string, HostTensor> {
  const tensors: Record<string, HostTensor> = {};
  for (const value of program.inputs) {
    const data = feeds[inputName(value)];
    if (!data) continue;
    tensors[inputName(value)] = {
      shape: value.shape,
      data: data instanceof Int32Array ? data : Float64Array.from(data),
    };
  }
  return tensors;
}

function variableData(name: string, tensor: HostTensor | undefined): VariableData {
  if (!tensor) throw new Error(`there is no variable "${name}"`);
  return { shape: tensor.shape, data: Float32Array.from(tensor.data) };
}
