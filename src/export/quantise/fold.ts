/** Batch normalisation after a convolution becomes part of its weight and bias. */
import { type ModelRecord, type NodeRecord, type TensorRecord, tensorRecord } from "../../onnx/model.ts";

/** The nodes that read each tensor. */
export function readersOf(nodes: readonly NodeRecord[]): ReadonlyMap<string, readonly NodeRecord[]> {
  const readers = new Map<string, NodeRecord[]>();
  for (const node of nodes)
    for (const name of new Set(node.inputs)) readers.set(name, [...(readers.get(name) ?? []), node]);
  return readers;
}

/** The same graph with each relu before the max pool that it follows, where it becomes part of what comes before. */
export function reluBeforePool(model: ModelRecord): ModelRecord {
  const readers = readersOf(model.nodes);
  const moved = new Map<NodeRecord, NodeRecord>();
  for (const pool of model.nodes.filter(({ opType }) => opType === "MaxPool")) {
    const [x = ""] = pool.inputs;
    const [pooled = ""] = pool.outputs;
    const [relu, ...others] = readers.get(pooled) ?? [];
    if (relu?.opType !== "Relu" || 0 < others.length || pool.outputs.length !== 1) continue;
    moved.set(pool, { ...relu, inputs: [x], outputs: [pooled] });
    moved.set(relu, { ...pool, inputs: [pooled], outputs: relu.outputs });
  }
  return { ...model, nodes: model.nodes.map((node) => moved.get(node) ?? node) };
}

/** The numbers of a float32 constant. */
export function numbersOf({ bytes }: TensorRecord): Float32Array {
  const aligned = bytes.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / Float32Array.BYTES_PER_ELEMENT);
}

const DEFAULT_EPSILON = 1e-5;

/** The same graph with fewer nodes: normalisation whose statistics are constant goes into the convolution before it. */
export function foldNormalisation(model: ModelRecord): ModelRecord {
  const constants = new Map(model.initializers.map((record) => [record.name, record]));
  const readers = readersOf(model.nodes);
  const kept = new Set(model.outputs.map(({ name }) => name));
  const makers = new Map(model.nodes.map((node) => [node.outputs[0] ?? "", node]));
  const folded = new Map<NodeRecord, NodeRecord>();
  const gone = new Set<NodeRecord>();
  for (const norm of model.nodes.filter(({ opType }) => opType === "BatchNormalization")) {
    const [x = "", ...rest] = norm.inputs;
    const conv = makers.get(x);
    const weight = constants.get(conv?.inputs[1] ?? "");
    const parts = rest.flatMap((name) => constants.get(name) ?? []);
    const alone = readers.get(x)?.length === 1 && !kept.has(x);
    if (
      conv?.opType !== "Conv" ||
      !weight ||
      parts.length !== 4 ||
      !alone ||
      1 < (readers.get(weight.name)?.length ?? 0)
    )
      continue;
    const made = foldOne(weight, constants.get(conv.inputs[2] ?? ""), { parts, epsilon: epsilonOf(norm) });
    for (const record of [made.weight, made.bias]) constants.set(record.name, record);
    folded.set(conv, {
      ...conv,
      inputs: [conv.inputs[0] ?? "", made.weight.name, made.bias.name],
      outputs: norm.outputs,
    });
    gone.add(norm);
  }
  const nodes = model.nodes.filter((node) => !gone.has(node)).map((node) => folded.get(node) ?? node);
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return { ...model, nodes, initializers: [...constants.values()].filter(({ name }) => used.has(name)) };
}

function epsilonOf({ attributes: { epsilon } }: NodeRecord): number {
  return typeof epsilon === "object" && "float" in epsilon ? epsilon.float : DEFAULT_EPSILON;
}

/** w·s and (b − mean)·s + shift for each channel, with s = scale/√(variance + epsilon). */
function foldOne(
  weight: TensorRecord,
  bias: TensorRecord | undefined,
  { parts, epsilon }: { parts: readonly TensorRecord[]; epsilon: number },
): { weight: TensorRecord; bias: TensorRecord } {
  const [scale = [], shift = [], mean = [], variance = []] = parts.map(numbersOf);
  const numbers = numbersOf(weight);
  const channels = weight.shape[0] ?? 1;
  const size = numbers.length / channels;
  const before = bias && numbersOf(bias);
  const factors = Array.from({ length: channels }, (_, c) => (scale[c] ?? 1) / Math.sqrt((variance[c] ?? 1) + epsilon));
  const shifts = factors.map((factor, c) => ((before?.[c] ?? 0) - (mean[c] ?? 0)) * factor + (shift[c] ?? 0));
  return {
    weight: tensorRecord(weight.name, "float32", {
      data: numbers.map((value, i) => value * (factors[Math.floor(i / size)] ?? 1)),
      shape: weight.shape,
    }),
    bias: tensorRecord(bias?.name ?? `${weight.name}.bias`, "float32", { data: shifts, shape: [channels] }),
  };
}
