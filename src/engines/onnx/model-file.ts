/** Any `.onnx` file, ours or not, as it declares itself: opened and run in a thread of its own. */
import { readFile } from "node:fs/promises";
import { messageOf, UserError } from "../../errors.ts";
import { lookup } from "../../lookup.ts";
import { decodeModel } from "../../onnx/model.ts";
import { expectOnnxRuntime } from "../inspect.ts";
import { type Connection, connect } from "../thread/connection.ts";
import type { BareAnswer, CloseTask } from "../thread/protocol.ts";

/** Element types of tensors; the data of `float16` are its bits, those of `bool` 0 and 1. */
export const TENSOR_ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** Element type of a tensor of numbers. */
export type NumericType = keyof typeof TENSOR_ARRAYS;

/** Numbers of a tensor. */
export type TensorNumbers = InstanceType<(typeof TENSOR_ARRAYS)[NumericType]>;

/** A tensor that a model takes or gives, row-major. */
export type ModelTensor =
  | { readonly type: NumericType; readonly shape: readonly number[]; readonly data: TensorNumbers }
  | { readonly type: "string"; readonly shape: readonly number[]; readonly data: readonly string[] };

/** What a model declares of an input or output. A size that is text is free, such as the batch size "N". */
export interface ModelPort {
  readonly name: string;
  /** ONNX Runtime's name of the element type, such as `float32`; `unknown` for what is no tensor. */
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A model that is open. Close it when done; left alone it does not keep the process alive. */
export interface ModelFile {
  readonly file: string;
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** The model's own key-value pairs. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Runs the model once and returns all its outputs by name. It may be called again before the last run has ended: runs
   * happen in the order in which they were asked for. A missing or misshaped input is a `UserError`. With `transfer` the
   * buffers of `feeds` are given away and then empty.
   */
  run(
    feeds: Readonly<Record<string, ModelTensor>>,
    options?: { readonly transfer?: boolean },
  ): Promise<Record<string, ModelTensor>>;
  close(): Promise<void>;
}

/** What the thread of a model is asked to do. */
export type ModelTask =
  | { readonly kind: "open"; readonly model: string | Uint8Array }
  | { readonly kind: "run"; readonly feeds: Readonly<Record<string, ModelTensor>> }
  | CloseTask;

/** What it answers. */
export interface ModelAnswer extends BareAnswer {
  readonly ports?: Pick<ModelFile, "inputs" | "outputs">;
  readonly results?: Record<string, ModelTensor>;
}

/** The file's bytes; what cannot be read is a `UserError`. */
async function readModelBytes(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    const reasons: Record<string, string> = { ENOENT: "there is no such file", EISDIR: "it is a folder" };
    const reason = lookup(reasons, error.code ?? "") ?? `it cannot be read (${messageOf(error)})`;
    throw new UserError(`"${file}": expected an ONNX model but ${reason}.`, "Check the path.", { cause: error });
  });
}

/** The metadata of a `.onnx` file without opening it; a file that is none, or cut off, is a `UserError`. */
export async function readModelMetadata(file: string): Promise<Readonly<Record<string, string>>> {
  return decodeModel(await readModelBytes(file), `"${file}"`).metadata ?? {};
}

/** How a model is opened. */
export interface OpenModelOptions {
  /** Threads that compute; 2 by default. */
  readonly threads?: number;
  /** The content of the file, where it is at hand or not written yet. */
  readonly bytes?: Uint8Array;
}

/**
 * Opens a `.onnx` file in ONNX Runtime. A file that is no ONNX model, is cut off, or that ONNX Runtime does not take is a
 * `UserError`.
 */
export async function openModelFile(file: string, { threads = 2, bytes }: OpenModelOptions = {}): Promise<ModelFile> {
  expectOnnxRuntime();
  const { metadata = {} } = decodeModel(bytes ?? (await readModelBytes(file)), `"${file}"`);
  const module = new URL("./file/thread.ts", import.meta.url);
  const connection = connect<ModelTask, ModelAnswer>(module, { threads, precision: "fp32" });
  try {
    const { ports } = await connection.ask({ kind: "open", model: bytes ?? file });
    return modelFile(connection, { file, metadata, ...(ports ?? { inputs: [], outputs: [] }) });
  } catch (error) {
    await connection.close();
    const reason = messageOf(error).split("\n")[0]?.replace(/\.$/, "");
    const message = `"${file}": expected a model that ONNX Runtime can run but it says: ${reason}.`;
    throw new UserError(message, "Give a complete .onnx file of standard operators.", { cause: error });
  }
}

function modelFile(
  connection: Connection<ModelTask, ModelAnswer>,
  declared: Omit<ModelFile, "run" | "close">,
): ModelFile {
  return {
    ...declared,
    async run(feeds, { transfer = false } = {}) {
      checkFeeds(declared, feeds);
      const buffers = transfer ? Object.values(feeds).flatMap(buffersOf) : [];
      const { results } = await connection.ask({ kind: "run", feeds }, [...new Set(buffers)]);
      return results ?? {};
    },
    close: () => connection.close(),
  };
}

const buffersOf = (tensor: ModelTensor): ArrayBuffer[] =>
  tensor.type !== "string" && tensor.data.buffer instanceof ArrayBuffer ? [tensor.data.buffer] : [];

const sizes = (shape: readonly (number | string)[]): string => `[${shape.join(", ")}]`;

/** Throws a `UserError` unless each declared input is there in its type and shape, and nothing else. */
export function checkFeeds(
  { file, inputs }: Pick<ModelFile, "file" | "inputs">,
  feeds: Readonly<Record<string, ModelTensor>>,
) {
  const hint = `The inputs are: ${inputs.map(({ name, type, shape }) => `${name}, ${type} ${sizes(shape)}`).join("; ")}.`;
  const unknown = Object.keys(feeds).find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined)
    throw new UserError(`"${file}": expected only inputs that the model has but got "${unknown}".`, hint);
  for (const { name, type, shape } of inputs) {
    const fed = lookup(feeds, name);
    const fault = fed ? faultOf(fed, type, shape) : "it is missing";
    if (fault) throw new UserError(`"${file}", input "${name}": expected ${type} ${sizes(shape)} but ${fault}.`, hint);
  }
}

function faultOf(fed: ModelTensor, type: string, shape: readonly (number | string)[]): string | undefined {
  if (fed.type !== type) return `it is ${fed.type}`;
  const fits =
    fed.shape.length === shape.length &&
    shape.every((size, axis) => typeof size === "string" || size < 0 || size === fed.shape[axis]);
  if (0 < shape.length && !fits) return `it is ${sizes(fed.shape)}`;
  const count = fed.shape.reduce((product, size) => product * size, 1);
  return fed.data.length === count ? undefined : `there are ${fed.data.length} values for ${sizes(fed.shape)}`;
}
