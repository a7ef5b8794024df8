/**
 * ONNX Runtime through its C functions. Its package's own interface copies every output of a run into new memory, which for the weights
 * of a large network costs more than their arithmetic; here a run reads and writes arrays where they are.
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Shape } from "../../graph/value.ts";
import { addressOf, functionAt, openLibrary, type Pointer, textAt, viewOf } from "../native.ts";

/** The first version of the C interface that has all of `FUNCTIONS`. */
const API_VERSION = 18;

/** The functions' places in OrtApi, a table that versions only append to, and the types of their parameters. */
const FUNCTIONS = {
  getErrorMessage: [2, "void *"],
  createEnv: [3, "int, const char *, _Out_ void **"],
  createSessionFromArray: [8, "void *, void *, size_t, void *, _Out_ void **"],
  run: [9, "void *, void *, void *, void *, size_t, void *, size_t, void *"],
  createSessionOptions: [10, "_Out_ void **"],
  disableMemPattern: [17, "void *"],
  disableCpuMemArena: [19, "void *"],
  setSessionLogSeverityLevel: [22, "void *, int"],
  setSessionGraphOptimizationLevel: [23, "void *, int"],
  setIntraOpNumThreads: [24, "void *, int"],
  setInterOpNumThreads: [25, "void *, int"],
  createTensorWithDataAsOrtValue: [49, "void *, void *, size_t, void *, size_t, int, _Out_ void **"],
  createCpuMemoryInfo: [69, "int, int, _Out_ void **"],
  releaseStatus: [93, "void *"],
  releaseSession: [95, "void *"],
  releaseValue: [96, "void *"],
  releaseSessionOptions: [100, "void *"],
  addSessionConfigEntry: [130, "void *, const char *, const char *"],
  addExternalInitializersFromFilesInMemory: [279, "void *, void *, void *, void *, size_t"],
} as const;

type FunctionName = keyof typeof FUNCTIONS;

/** The enumerations of the C interface, as far as they are needed. */
const LOG = { warning: 2, error: 3 };
const OPTIMIZATION = { none: 0, all: 99 };
const MEMORY = { device: 0, usual: 0 };
const ELEMENT = { float32: 1, int32: 6 };

/** An array as ONNX Runtime's value: valid until it is freed. */
export interface Tensor<Data extends Float32Array | Int32Array = Float32Array | Int32Array> {
  readonly data: Data;
  readonly value: Pointer;
}

/** How a session is opened. */
export interface SessionOptions {
  /** The model's inputs and outputs, in the order in which `run` takes them. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** External data of the model by its locations: read where they are, so they must not move as long as the session lives. */
  readonly constants?: ReadonlyMap<string, Float32Array>;
  readonly threads: number;
  /** Whether memory that a run took stays for the next one; by default it does. */
  readonly keepsMemory?: boolean;
  /** Whether operators may be merged and constants folded. */
  readonly optimizes?: boolean;
}

/** A model that is ready to run. */
export interface Session {
  /** Runs once, blocking: reads the inputs and writes the outputs in place. */
  run(inputs: readonly Tensor[], outputs: readonly Tensor[]): void;
  release(): void;
}

/** The library in the package, beside the package's binding for this platform. */
function libraryFile(): string {
  const folder = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")), "bin");
  const name = { linux: "libonnxruntime.so.1", darwin: "libonnxruntime.1.dylib", win32: "onnxruntime.dll" };
  const file = name[process.platform as keyof typeof name] ?? "libonnxruntime";
  const found = readdirSync(folder)
    .map((api) => join(folder, api, process.platform, process.arch, file))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`onnxruntime-node has no library for ${process.platform} ${process.arch}`);
  return found;
}

let opened: OnnxRuntime | undefined;

/** ONNX Runtime, one for each thread; an error says why it cannot be loaded. */
export function onnxRuntime(): OnnxRuntime {
  opened ??= new OnnxRuntime(libraryFile());
  return opened;
}

/** An array of C strings, and of pointers to them. */
function textsOf(texts: readonly string[], encoding: BufferEncoding = "utf8"): Pointers {
  const encoded = texts.map((text) => Buffer.from(`${text}\0`, encoding));
  return new Pointers(encoded.map(addressOf), encoded);
}

/** Pointers one after the other, and the arrays that they point into. */
class Pointers {
  readonly array: BigUint64Array;
  /** Held, so that it stays where it is. */
  readonly content: readonly unknown[];

  constructor(addresses: readonly Pointer[], content: readonly unknown[]) {
    this.array = BigUint64Array.from(addresses);
    this.content = content;
  }
}

/** ONNX Runtime's functions. */
export class OnnxRuntime {
  readonly #api: BigUint64Array;
  readonly #functions = new Map<FunctionName, (...args: readonly unknown[]) => Pointer | null>();
  readonly #environment: Pointer;
  readonly #memory: Pointer;

  constructor(file: string) {
    const base = openLibrary(file).bind<Pointer>("void *OrtGetApiBase()")();
    const [getApi = 0n] = new BigUint64Array(viewOf(base, BigUint64Array.BYTES_PER_ELEMENT));
    const api = functionAt<Pointer | null>(getApi, "void *", ["uint32_t"])(API_VERSION);
    if (api === null) throw new Error(`"${file}" has no interface of version ${API_VERSION}`);
    const count = 1 + Math.max(...Object.values(FUNCTIONS).map(([place]) => place));
    this.#api = new BigUint64Array(viewOf(api, count * BigUint64Array.BYTES_PER_ELEMENT));
    this.#environment = this.#made("createEnv", LOG.warning, "ocelli"); // one in a process, however often it is asked for
    this.#memory = this.#made("createCpuMemoryInfo", MEMORY.device, MEMORY.usual);
  }

  /** A tensor on an array's own memory. Vectors of variables are tensors that live as long as their engine. */
  tensor<Data extends Float32Array | Int32Array>(data: Data, shape: Shape): Tensor<Data> {
    const sizes = BigInt64Array.from(shape, BigInt);
    const element = data instanceof Float32Array ? ELEMENT.float32 : ELEMENT.int32;
    const place = addressOf(data); // and not the array: that of a call is a copy if the array is small
    const value = this.#made(
      "createTensorWithDataAsOrtValue",
      this.#memory,
      place,
      data.byteLength,
      sizes,
      sizes.length,
      element,
    );
    return { data, value };
  }

  /** Frees a tensor, not its array. */
  free({ value }: Tensor): void {
    this.#function("releaseValue")(value);
  }

  /** Opens a model; an error says what ONNX Runtime does not take. */
  open(model: Uint8Array, settings: SessionOptions): Session {
    const options = this.#options(settings);
    try {
      const session = this.#made("createSessionFromArray", this.#environment, model, model.length, options);
      return this.#session(session, settings);
    } finally {
      this.#function("releaseSessionOptions")(options);
    }
  }

  #session(session: Pointer, { inputs, outputs, constants }: SessionOptions): Session {
    const [from, to] = [textsOf(inputs), textsOf(outputs)];
    const held = { from, to, constants };
    const valuesOf = (tensors: readonly Tensor[]) => BigUint64Array.from(tensors, ({ value }) => value);
    return {
      run: (read, written) => {
        const [inputValues, outputValues] = [valuesOf(read), valuesOf(written)];
        this.#call(
          "run",
          session,
          null,
          held.from.array,
          inputValues,
          read.length,
          held.to.array,
          written.length,
          outputValues,
        );
      },
      release: () => void this.#function("releaseSession")(session),
    };
  }

  #options({ threads, constants = new Map(), keepsMemory = true, optimizes = false }: SessionOptions): Pointer {
    const options = this.#made("createSessionOptions");
    this.#call("setSessionLogSeverityLevel", options, LOG.error);
    this.#call("setIntraOpNumThreads", options, threads);
    this.#call("setInterOpNumThreads", options, 1);
    this.#call("setSessionGraphOptimizationLevel", options, optimizes ? OPTIMIZATION.all : OPTIMIZATION.none);
    // a plan of all tensors in one region would lie beside the memory of the first run
    this.#call("disableMemPattern", options);
    if (!keepsMemory) this.#call("disableCpuMemArena", options);
    // a thread that went on spinning after a step would take the core on which the main thread prepares the next one
    this.#call("addSessionConfigEntry", options, "session.force_spinning_stop", "1");
    if (0 < constants.size) this.#addConstants(options, constants);
    return options;
  }

  #addConstants(options: Pointer, constants: ReadonlyMap<string, Float32Array>): void {
    const arrays = [...constants.values()];
    const names = textsOf([...constants.keys()], process.platform === "win32" ? "utf16le" : "utf8");
    const lengths = BigUint64Array.from(arrays, ({ byteLength }) => BigInt(byteLength));
    const places = new Pointers(arrays.map(addressOf), arrays);
    const name = "addExternalInitializersFromFilesInMemory";
    this.#call(name, options, names.array, places.array, lengths, arrays.length);
  }

  /** Calls a function that stores an object through its last parameter. */
  #made(name: FunctionName, ...args: readonly unknown[]): Pointer {
    const out: [Pointer | null] = [null];
    this.#call(name, ...args, out);
    return out[0] ?? 0n;
  }

  /** Calls a function that returns null, or a status that says what is wrong. */
  #call(name: FunctionName, ...args: readonly unknown[]): void {
    const status = this.#function(name)(...args);
    if (status === null) return;
    const message = textAt(this.#function("getErrorMessage")(status) ?? 0n);
    this.#function("releaseStatus")(status);
    throw new Error(message);
  }

  #function(name: FunctionName): (...args: readonly unknown[]) => Pointer | null {
    const known = this.#functions.get(name);
    if (known) return known;
    const [place, parameters] = FUNCTIONS[name];
    const bound = functionAt<Pointer | null>(this.#api[place] ?? 0n, "void *", parameters.split(", "));
    this.#functions.set(name, bound);
    return bound;
  }
}
