import type { HostTensor } from "../../graph/define-op.ts";
import { inputName, type Program } from "../../graph/program.ts";
import { sizeOf } from "../../graph/value.ts";
import { checkContents, checkFeeds, checkSameShape, closedEngine, unknownVariable } from "../checks.ts";
import { Changes } from "../constants.ts";
import type { Engine, Feeds, Results, VariableData } from "../engine.ts";
import { evaluateProgram } from "./evaluate.ts";

/** The engine of plain loops in float64: slow and obvious. Variables are kept in float64 between runs. */
export function openReferenceEngine(): Engine {
  const variables = new Map<string, HostTensor>();
  const changes = new Changes();
  let closed = false;
  const expectOpen = (): void => {
    if (closed) throw closedEngine();
  };
  return {
    name: "reference",
    async compile(program, options = {}) {
      expectOpen();
      const constants = changes.constantsOf(program, options);
      for (const { name, shape } of program.variables) {
        const { shape: held } = variables.get(name) ?? { shape };
        checkSameShape(name, held, shape);
        if (!variables.has(name)) variables.set(name, { shape, data: new Float64Array(sizeOf(shape)) });
      }
      return {
        async run(feeds) {
          expectOpen();
          constants.expectFresh();
          changes.note(program.updates.map(({ variable }) => variable.name));
          return runProgram(program, feeds, variables);
        },
        get stale() {
          return constants.isStale();
        },
        async close() {},
      };
    },
    async write(values) {
      expectOpen();
      checkContents(values, (name) => variables.get(name)?.shape);
      changes.note(values.keys());
      for (const [name, { shape, data }] of values) variables.set(name, { shape, data: Float64Array.from(data) });
    },
    async read(names = [...variables.keys()]) {
      expectOpen();
      return new Map(names.map((name) => [name, variableData(name, variables.get(name))]));
    },
    async close() {
      closed = true;
      variables.clear();
    },
  };
}

function runProgram(program: Program, feeds: Feeds, variables: Map<string, HostTensor>): Results {
  checkFeeds(program, feeds);
  const { outputs, updates } = evaluateProgram(program, hostFeeds(program, feeds), variables);
  for (const [name, tensor] of updates) variables.set(name, tensor);
  const results = Object.entries(outputs).map(([name, { data }]) => [name, Float32Array.from(data)] as const);
  return Object.fromEntries(results);
}

const hostFeeds = ({ inputs }: Program, feeds: Feeds): Record<string, HostTensor> =>
  Object.fromEntries(
    inputs.map((value) => {
      const data = feeds[inputName(value)] ?? new Float32Array();
      return [
        inputName(value),
        { shape: value.shape, data: data instanceof Int32Array ? data : Float64Array.from(data) },
      ];
    }),
  );

function variableData(name: string, tensor: HostTensor | undefined): VariableData {
  if (!tensor) throw unknownVariable(name);
  return { shape: tensor.shape, data: Float32Array.from(tensor.data) };
}
