import type { Worker } from "node:worker_threads";
import { inputName, type Program } from "../../graph/program.ts";
import type { TensorType } from "../../graph/value.ts";
import type { Target } from "../../onnx/emitter.ts";
import { lowerProgram } from "../../onnx/lower.ts";
import { encodeModel } from "../../onnx/model.ts";
import { endThread, errorFrom, startThread } from "../../thread.ts";
import { checkFeeds, closedEngine } from "../checks.ts";
import type { Engine, Executable, Feeds } from "../engine.ts";
import type { Answer, CompiledProgram, Port, Request, SessionSettings, Task } from "./protocol.ts";

/** Sends tasks to the engine's thread and gives each its answer. An idle engine does not keep the process alive. */
interface Connection {
  ask(task: Task, transfer?: readonly ArrayBuffer[]): Promise<Answer>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

function connect(worker: Worker): Connection {
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  worker.on("message", (answer: Answer) => {
    const asked = waiting.get(answer.id);
    if (!asked) return; // the engine was closed meanwhile
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if (answer.error) asked.reject(errorFrom(answer.error));
    else asked.resolve(answer);
  });
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`The engine's thread ended with exit code ${code}.`)));
  worker.unref();
  return {
    ask(task, transfer = []) {
      if (failure) return Promise.reject(failure);
      worker.ref();
      const request: Request = { id: count++, task };
      return new Promise((resolve, reject) => {
        waiting.set(request.id, { resolve, reject });
        worker.postMessage(request, transfer);
      });
    },
    async close() {
      fail(closedEngine());
      await endThread(worker);
    },
  };
}

/**
 * Opens the engine that runs Programs in ONNX Runtime, in a thread of its own; so progress, Ctrl-C and data loading go on
 * during a step. `threads` compute; by default as many as there are cores.
 */
export function openOnnxEngine(settings: SessionSettings): Engine {
  const connection = connect(startThread(new URL("./thread.ts", import.meta.url), settings));
  const block = connection.ask({ kind: "block" }).then((answer) => answer.block ?? 0);
  block.catch(() => {}); // whoever compiles hears of it
  let programs = 0;
  return {
    name: "onnx",
    async compile(program) {
      const number = programs++;
      const compiled = compiledProgram(program, { contrib: true, block: await block });
      await connection.ask({ kind: "compile", program: number, compiled }, [compiled.model.buffer]);
      return executable(connection, { program, number });
    },
    async write(values) {
      await connection.ask({ kind: "write", values });
    },
    async read(names) {
      const { values } = await connection.ask({ kind: "read", names });
      return values ?? new Map();
    },
    close: () => connection.close(),
  };
}

function executable(connection: Connection, { program, number }: { program: Program; number: number }): Executable {
  return {
    async run(feeds, { transfer = false } = {}) {
      checkFeeds(program, feeds);
      const buffers = transfer ? buffersOf(feeds) : [];
      const { results } = await connection.ask({ kind: "run", program: number, feeds }, buffers);
      return results ?? {};
    },
  };
}

/** The buffers that can be transferred; shared ones cannot, and need not. */
const buffersOf = (feeds: Feeds): ArrayBuffer[] => [
  ...new Set(Object.values(feeds).flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))),
];

const portOf = (name: string, { dtype, shape }: TensorType): Port => ({
  name,
  kind: dtype === "int32" ? "int32" : "float32",
  shape,
});

function compiledProgram(program: Program, target: Target): CompiledProgram {
  const lowered = lowerProgram(program, { target });
  const fed = new Set(lowered.inputs);
  return {
    model: encodeModel(lowered.model) as Uint8Array<ArrayBuffer>,
    inputs: program.inputs.flatMap((value) => {
      const name = inputName(value);
      return fed.has(name) ? [portOf(name, value)] : [];
    }),
    masks: lowered.masks,
    variables: lowered.variables,
    declared: program.variables.map((variable) => portOf(variable.name, variable)),
    outputs: new Map(
      Object.entries(program.outputs).map(([name, value]) => [name, portOf(lowered.outputs.get(name) ?? name, value)]),
    ),
    updates: lowered.updates,
  };
}
