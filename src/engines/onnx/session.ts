/** ONNX Runtime sessions with variables that stay: runs in the engine's own thread, because `run` blocks. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { sizeOf } from "../../graph/value.ts";
import { blockProbe, blockSizeOf } from "../../onnx/blocked.ts";
import { encodeModel } from "../../onnx/model.ts";
import { dropoutMaskValues } from "../../ops/index.ts";
import { checkContents, checkSameShape, unknownVariable } from "../checks.ts";
import type { Feeds, Results, VariableData } from "../engine.ts";
import type { Runner, RunnerSettings } from "../thread/protocol.ts";
import { measureModels } from "./measure.ts";
import type { CompiledProgram, Port } from "./protocol.ts";

/**
 * A variable in two buffers, as vectors: runs read the current one and write the spare one, then they change places. Nothing is
 * allocated at a run, so that memory stays flat. One that no Program updates has no spare.
 */
interface StoredVariable {
  readonly port: Port;
  current: Tensor;
  spare?: Tensor;
}

const vector = (data: Float32Array): Tensor => new Tensor("float32", data, [data.length]);

type UpdatedVariable = StoredVariable & { spare: Tensor };

interface CompiledSession {
  readonly compiled: CompiledProgram;
  readonly session: InferenceSession;
  /** The outputs' own buffers by the model's names, written at each run. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

const float32Tensor = ({ shape }: Port): Tensor => new Tensor("float32", new Float32Array(sizeOf(shape)), [...shape]);

/** Channels in a block of ONNX Runtime's blocked layout on this machine: 8, 16, or 0 where it has none. */
export async function findBlockSize(): Promise<number> {
  try {
    const probe = blockProbe();
    const session = await InferenceSession.create(encodeModel(probe), { intraOpNumThreads: 1, logSeverityLevel: 4 });
    const [{ name = "", shape = [] } = {}] = probe.inputs;
    const numbers = Float32Array.from({ length: sizeOf(shape.map(Number)) }, (_, index) => index);
    const [blocked] = Object.values(await session.run({ [name]: new Tensor("float32", numbers, shape.map(Number)) }));
    await session.release();
    return blocked ? blockSizeOf(blocked.data as Float32Array) : 0;
  } catch {
    return 0; // the operators exist on x86-64 alone
  }
}

/** The sessions and variables of one engine. */
export class Sessions implements Runner<CompiledProgram> {
  readonly #settings: RunnerSettings;
  readonly #sessions = new Map<number, CompiledSession>();
  readonly #variables = new Map<string, StoredVariable>();

  constructor(settings: RunnerSettings) {
    this.#settings = settings;
  }

  /** Channels in a block, see `findBlockSize`. */
  probe(): Promise<number> {
    return findBlockSize();
  }

  /** See `measureModels`. */
  measure(alternatives: readonly CompiledProgram[]): Promise<readonly number[]> {
    return measureModels(alternatives, (model) => this.#open(model));
  }

  /** Makes a session of a lowered Program under the number `program`; one of `seldom` use keeps no memory between runs. */
  async compile(program: number, compiled: CompiledProgram, seldom: boolean): Promise<void> {
    for (const port of compiled.declared) this.#held(port);
    const session = await this.#open(compiled, seldom);
    for (const name of compiled.updates.keys()) this.#updated(name);
    const outputs = Object.fromEntries([...compiled.outputs.values()].map((port) => [port.name, float32Tensor(port)]));
    this.#sessions.set(program, { compiled, session, outputs });
  }

  #open(compiled: CompiledProgram, seldom = false): Promise<InferenceSession> {
    return InferenceSession.create(compiled.model, {
      // not a copy: the variable's own buffer, which lives as long as the engine
      externalData: compiled.constants.map((path) => ({ path, data: this.#bytesOf(path) })),
      executionProviders: ["cpu"],
      intraOpNumThreads: this.#settings.threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      // without constants there is nothing to fold, and looking for it takes as long as all the rest of compiling
      graphOptimizationLevel: compiled.constants.length === 0 ? "disabled" : "all",
      logSeverityLevel: 3,
      enableCpuMemArena: !seldom,
      // a plan of all tensors in one region would lie beside the memory of the first run
      enableMemPattern: false,
      // a thread that went on spinning after a step would take the core on which the main thread prepares the next one
      extra: { session: { force_spinning_stop: "1" } },
    });
  }

  /** Runs a session once; the results are copies. */
  async run(program: number, feeds: Feeds): Promise<Results> {
    const found = this.#sessions.get(program);
    if (!found) throw new Error(`there is no compiled Program ${program}`);
    const { compiled, session, outputs } = found;
    const updates = Array.from(compiled.updates, ([name, output]) => ({ output, stored: this.#updated(name) }));
    const spares = updates.map(({ output, stored }) => [output, stored.spare] as const);
    await session.run(this.#tensors(compiled, feeds), { ...outputs, ...Object.fromEntries(spares) });
    for (const { stored } of updates) [stored.current, stored.spare] = [stored.spare, stored.current];
    const copies = Array.from(compiled.outputs, ([result, { name }]) => {
      return [result, Float32Array.from(outputs[name]?.data as Float32Array)] as const;
    });
    return Object.fromEntries(copies);
  }

  /** Frees a session; variables stay. */
  async release(program: number): Promise<void> {
    await this.#sessions.get(program)?.session.release();
    this.#sessions.delete(program);
  }

  /** Sets variables; one that no Program has declared yet is kept for it. The arrays must be the thread's own. */
  write(values: ReadonlyMap<string, VariableData>): void {
    checkContents(values, (name) => this.#variables.get(name)?.port.shape);
    const taken = new Set<ArrayBufferLike>();
    for (const [name, { shape, data }] of values) {
      const port: Port = { name, kind: "float32", shape };
      const isWhole = data.byteLength === data.buffer.byteLength && !taken.has(data.buffer);
      if (isWhole && !this.#variables.has(name)) {
        taken.add(data.buffer); // weights are large: the array itself becomes the variable
        this.#variables.set(name, { port, current: vector(data) });
      } else (this.#held(port).current.data as Float32Array).set(data);
    }
  }

  /** Copies of variables. */
  read(names: readonly string[] = [...this.#variables.keys()]): Map<string, VariableData> {
    return new Map(
      names.map((name) => {
        const { port, current } = this.#variable(name);
        return [name, { shape: port.shape, data: Float32Array.from(current.data as Float32Array) }];
      }),
    );
  }

  /** The variable, which from now on exists. */
  #held(port: Port): StoredVariable {
    const stored = this.#variables.get(port.name) ?? { port, current: vector(new Float32Array(sizeOf(port.shape))) };
    checkSameShape(port.name, stored.port.shape, port.shape);
    this.#variables.set(port.name, stored);
    return stored;
  }

  #variable(name: string): StoredVariable {
    const stored = this.#variables.get(name);
    if (!stored) throw unknownVariable(name);
    return stored;
  }

  #bytesOf(name: string): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.#variable(name).current.data as Float32Array;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  #updated(name: string): UpdatedVariable {
    const stored = this.#variable(name);
    stored.spare ??= vector(new Float32Array(sizeOf(stored.port.shape)));
    return stored as UpdatedVariable;
  }

  #tensors({ inputs, masks, variables }: CompiledProgram, feeds: Feeds): Record<string, Tensor> {
    const tensors: Record<string, Tensor> = {};
    for (const { name, kind, shape } of inputs) tensors[name] = new Tensor(kind, feeds[name] ?? [], [...shape]);
    for (const { name, key, shape, rate, layer } of masks) {
      const values = dropoutMaskValues(feeds[key] as Int32Array, { size: sizeOf(shape), rate, layer });
      tensors[name] = new Tensor("float32", values, [...shape]);
    }
    for (const name of variables) tensors[name] = this.#variable(name).current;
    return tensors;
  }
}
