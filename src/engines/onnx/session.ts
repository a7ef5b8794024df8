/** ONNX Runtime sessions with variables that stay: runs in the engine's own thread, because `run` blocks. */
import { sizeOf } from "../../graph/value.ts";
import { lookup } from "../../lookup.ts";
import { blockProbe, blockSizeOf } from "../../onnx/blocked.ts";
import type { HostMask } from "../../onnx/lower.ts";
import { encodeModel } from "../../onnx/model.ts";
import { dropoutMaskValues } from "../../ops/index.ts";
import { checkContents, checkSameShape, unknownVariable } from "../checks.ts";
import type { Feeds, Results, VariableData } from "../engine.ts";
import type { Runner, RunnerSettings } from "../thread/protocol.ts";
import { measureModels } from "./measure.ts";
import type { CompiledProgram, Port } from "./protocol.ts";
import { onnxRuntime, type Session, type Tensor } from "./runtime.ts";

type FloatTensor = Tensor<Float32Array>;

/**
 * A variable in two buffers, as vectors: runs read the current one and write the spare one, then they change places. Nothing is
 * allocated at a run, so that memory stays flat. One that no Program updates has no spare.
 */
interface StoredVariable {
  readonly port: Port;
  current: FloatTensor;
  spare?: FloatTensor;
}

const vector = (data: Float32Array): FloatTensor => onnxRuntime().tensor(data, [data.length]);

type UpdatedVariable = StoredVariable & { spare: FloatTensor };

interface CompiledSession {
  readonly compiled: CompiledProgram;
  readonly session: Session;
  /** The Program's outputs, written at each run. */
  readonly outputs: readonly FloatTensor[];
}

const outputTensor = ({ shape }: Port): FloatTensor => onnxRuntime().tensor(new Float32Array(sizeOf(shape)), shape);

/** Channels in a block of ONNX Runtime's blocked layout on this machine: 8, 16, or 0 where it has none. */
export function findBlockSize(): number {
  const runtime = onnxRuntime();
  const { inputs, outputs, ...probe } = blockProbe();
  const [{ name = "", shape = [] } = {}] = inputs;
  const sizes = shape.map(Number);
  const numbers = runtime.tensor(
    Float32Array.from({ length: sizeOf(sizes) }, (_, index) => index),
    sizes,
  );
  const blocked = runtime.tensor(new Float32Array(sizeOf(sizes)), sizes);
  try {
    const settings = { inputs: [name], outputs: outputs.map((output) => output.name), threads: 1 };
    const session = runtime.open(encodeModel({ inputs, outputs, ...probe }), settings);
    session.run([numbers], [blocked]);
    session.release();
    return blockSizeOf(blocked.data);
  } catch {
    return 0; // the operators exist on x86-64 alone
  } finally {
    for (const tensor of [numbers, blocked]) runtime.free(tensor);
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
  probe(): number {
    return findBlockSize();
  }

  /** See `measureModels`. */
  measure(alternatives: readonly CompiledProgram[]): readonly number[] {
    return measureModels(alternatives, this.#settings.threads);
  }

  /** Makes a session of a lowered Program under the number `program`; one of `seldom` use keeps no memory between runs. */
  compile(program: number, compiled: CompiledProgram, seldom: boolean): void {
    for (const port of compiled.declared) this.#held(port);
    const { constants } = compiled;
    const session = onnxRuntime().open(compiled.model, {
      inputs: inputNames(compiled),
      outputs: [...[...compiled.outputs.values()].map(({ name }) => name), ...compiled.updates.values()],
      constants: new Map(constants.map((name) => [name, this.#variable(name).current.data])),
      threads: this.#settings.threads,
      keepsMemory: !seldom,
      // without constants there is nothing to fold, and looking for it takes as long as all the rest of compiling
      optimizes: 0 < constants.length,
    });
    for (const name of compiled.updates.keys()) this.#updated(name);
    const outputs = Array.from(compiled.outputs.values(), outputTensor);
    this.#sessions.set(program, { compiled, session, outputs });
  }

  /** Runs a session once; the results are copies. */
  run(program: number, feeds: Feeds): Results {
    const found = this.#sessions.get(program);
    if (!found) throw new Error(`there is no compiled Program ${program}`);
    const { compiled, session, outputs } = found;
    const updated = Array.from(compiled.updates.keys(), (name) => this.#updated(name));
    const fed = this.#fed(compiled, feeds);
    try {
      const inputs = [...fed, ...compiled.variables.map((name) => this.#variable(name).current)];
      session.run(inputs, [...outputs, ...updated.map(({ spare }) => spare)]);
    } finally {
      for (const tensor of fed) onnxRuntime().free(tensor);
    }
    for (const stored of updated) [stored.current, stored.spare] = [stored.spare, stored.current];
    const names = [...compiled.outputs.keys()];
    return Object.fromEntries(outputs.map(({ data }, index) => [names[index], Float32Array.from(data)]));
  }

  /** Frees a session; variables stay. */
  release(program: number): void {
    const { session, outputs = [] } = this.#sessions.get(program) ?? {};
    session?.release();
    for (const tensor of outputs) onnxRuntime().free(tensor);
    this.#sessions.delete(program);
  }

  /** Frees all that is not memory of JavaScript. */
  close(): void {
    for (const program of [...this.#sessions.keys()]) this.release(program);
    for (const { current, spare } of this.#variables.values()) {
      for (const tensor of spare ? [current, spare] : [current]) onnxRuntime().free(tensor);
    }
    this.#variables.clear();
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
      } else this.#held(port).current.data.set(data);
    }
  }

  /** Copies of variables. */
  read(names: readonly string[] = [...this.#variables.keys()]): Map<string, VariableData> {
    return new Map(
      names.map((name) => {
        const { port, current } = this.#variable(name);
        return [name, { shape: port.shape, data: Float32Array.from(current.data) }];
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

  #updated(name: string): UpdatedVariable {
    const stored = this.#variable(name);
    stored.spare ??= vector(new Float32Array(sizeOf(stored.port.shape)));
    return stored as UpdatedVariable;
  }

  /** The tensors of what a run is given, in the order of `inputNames`. */
  #fed({ inputs, masks }: CompiledProgram, feeds: Feeds): Tensor[] {
    const runtime = onnxRuntime();
    const drawn = ({ key, shape, rate, layer }: HostMask): Float32Array =>
      dropoutMaskValues(lookup(feeds, key) as Int32Array, { size: sizeOf(shape), rate, layer });
    return [
      ...inputs.map(({ name, shape }) => runtime.tensor(lookup(feeds, name) ?? new Float32Array(), shape)),
      ...masks.map((mask) => runtime.tensor(drawn(mask), mask.shape)),
    ];
  }
}

/** The inputs of a model in the order in which they are given to a run. */
const inputNames = ({ inputs, masks, variables }: CompiledProgram): string[] => [
  ...[...inputs, ...masks].map(({ name }) => name),
  ...variables,
];
