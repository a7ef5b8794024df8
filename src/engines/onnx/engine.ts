import { inputName, type Program } from "../../graph/program.ts";
import type { TensorType } from "../../graph/value.ts";
import type { Target } from "../../onnx/emitter.ts";
import { lowerProgram } from "../../onnx/lower.ts";
import { encodeModel } from "../../onnx/model.ts";
import { checkFeeds } from "../checks.ts";
import { Changes, type Constants } from "../constants.ts";
import type { Engine, Executable } from "../engine.ts";
import { type Connection, connect } from "./connection.ts";
import type { CompiledProgram, Port, SessionSettings } from "./protocol.ts";

/**
 * Opens the engine that runs Programs in ONNX Runtime, in a thread of its own; so progress, Ctrl-C and data loading go on
 * during a step. `threads` compute; by default as many as there are cores.
 */
export function openOnnxEngine(settings: SessionSettings): Engine {
  const connection = connect(settings);
  const block = connection.ask({ kind: "block" }).then((answer) => answer.block ?? 0);
  block.catch(() => {}); // whoever compiles hears of it
  const changes = new Changes();
  let programs = 0;
  return {
    name: "onnx",
    async compile(program, options = {}) {
      const number = programs++;
      const { seldom = false } = options;
      const target = { contrib: true, block: await block };
      const constants = changes.constantsOf(program, options);
      const compiled = compiledProgram(program, target, constants.names);
      await connection.ask({ kind: "compile", program: number, compiled, seldom }, [compiled.model.buffer]);
      return executable(connection, { program, number, changes, constants });
    },
    async write(values, { transfer = false } = {}) {
      changes.note(values.keys());
      const buffers = transfer ? buffersOf(Array.from(values.values(), ({ data }) => data)) : [];
      await connection.ask({ kind: "write", values }, buffers);
    },
    async read(names) {
      const { values } = await connection.ask({ kind: "read", names });
      return values ?? new Map();
    },
    close: () => connection.close(),
  };
}

interface Compiled {
  readonly program: Program;
  readonly number: number;
  readonly changes: Changes;
  readonly constants: Constants;
}

function executable(connection: Connection, { program, number, changes, constants }: Compiled): Executable {
  const updated = program.updates.map(({ variable }) => variable.name);
  return {
    async run(feeds, { transfer = false } = {}) {
      checkFeeds(program, feeds);
      constants.expectFresh();
      changes.note(updated);
      const buffers = transfer ? buffersOf(Object.values(feeds)) : [];
      const { results } = await connection.ask({ kind: "run", program: number, feeds }, buffers);
      return results ?? {};
    },
    get stale() {
      return constants.isStale();
    },
    async close() {
      await connection.ask({ kind: "release", program: number });
    },
  };
}

/** The buffers that can be transferred; shared ones cannot, and need not. */
const buffersOf = (arrays: readonly (Float32Array | Int32Array)[]): ArrayBuffer[] => [
  ...new Set(arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))),
];

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
