/** The thread of a model file: one ONNX Runtime session. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { serveTasks } from "../../thread/serve.ts";
import type { ModelAnswer, ModelPort, ModelTask, ModelTensor, NumericType, TensorNumbers } from "../model-file.ts";

let session: InferenceSession | undefined;

async function open(model: string | Uint8Array, threads: number): Promise<ModelAnswer["ports"]> {
  session = await InferenceSession.create(model as string, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    extra: { session: { force_spinning_stop: "1" } },
  });
  return { inputs: session.inputMetadata.map(portOf), outputs: session.outputMetadata.map(portOf) };
}

/** A free size without a name is told as -1 or "", which stands as "?". */
function portOf(port: InferenceSession.ValueMetadata): ModelPort {
  if (!port.isTensor) return { name: port.name, type: "unknown", shape: [] };
  return {
    name: port.name,
    type: port.type,
    shape: port.shape.map((size) => (size === "" || size === -1 ? "?" : size)),
  };
}

const toTensor = ({ type, data, shape }: ModelTensor): Tensor =>
  new Tensor(type as "float32", data as unknown as Float32Array, [...shape]);

/** A copy with a buffer of its own, which can be given away. */
function fromTensor(tensor: Tensor): ModelTensor {
  const { type, data, dims: shape } = tensor;
  if (type === "string") return { type, shape, data: data as string[] };
  const numbers = data as TensorNumbers;
  // a Node.js that has Float16Array gets those
  const bits = type === "float16" ? new Uint16Array(numbers.buffer, numbers.byteOffset, numbers.length) : numbers;
  return { type: type as NumericType, shape, data: bits.slice() };
}

async function run(feeds: Readonly<Record<string, ModelTensor>>): Promise<Record<string, ModelTensor>> {
  if (!session) throw new Error("the model is not open");
  const results = await session.run(mapped(feeds, toTensor));
  return mapped(results, (value) => fromTensor(value as Tensor));
}

const mapped = <From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

serveTasks<ModelTask, ModelAnswer>({
  async perform(task, { threads }) {
    if (task.kind === "open") return { ports: await open(task.model, threads) };
    return { results: await run(task.feeds) };
  },
  close: () => session?.release(),
  buffersOf: ({ results = {} }) =>
    Object.values(results).flatMap((tensor) => (tensor.type === "string" ? [] : [tensor.data.buffer])),
});
