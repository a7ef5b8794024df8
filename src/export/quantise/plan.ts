/** Which tensors of a graph are to be bytes. */
import type { ModelRecord, NodeRecord } from "../../onnx/model.ts";
import { readersOf } from "./fold.ts";

/** A convolution or linear layer: what is fast on bytes. */
export const isHeavy = ({ opType }: NodeRecord): boolean => opType === "Conv" || opType === "Gemm";

/** What only moves or compares elements: its output has the steps of its input. */
const MOVES = new Set(["MaxPool", "Reshape"]);
/** What can compute on bytes if all that it reads and gives are. */
const BETWEEN = new Set(["Add", "Concat", "AveragePool", "MaxPool"]);

/** The tensors of a graph that are to be bytes, and which of them share their steps with another. */
export interface QuantisationPlan {
  readonly tensors: ReadonlySet<string>;
  /** The tensor whose range counts for each; itself for most. */
  readonly rangeOf: (tensor: string) => string;
  /** Relus that cutting off at 0 makes superfluous: by the relu's input its output. */
  readonly removedRelus: ReadonlyMap<string, string>;
}

/**
 * Plans the quantisation of a graph: the inputs of heavy nodes, and what lies between them where all of it can be computed on
 * bytes. The rest, such as the logits, stays in floats.
 */
export function planQuantisation({ nodes, initializers, outputs }: ModelRecord): QuantisationPlan {
  const constants = new Set(initializers.map(({ name }) => name));
  const readers = readersOf(nodes);
  const tensors = new Set<string>();
  for (const node of nodes) {
    if (isHeavy(node) && constants.has(node.inputs[1] ?? "")) tensors.add(node.inputs[0] ?? "");
    if (node.opType === "GlobalAveragePool") tensors.add(node.inputs[0] ?? "");
    if (!BETWEEN.has(node.opType) || node.inputs.some((name) => constants.has(name))) continue;
    for (const name of [...node.inputs, ...node.outputs]) tensors.add(name);
  }
  for (const { name } of outputs) tensors.delete(name);
  const removedRelus = new Map<string, string>();
  for (const {
    opType,
    inputs: [x = ""],
    outputs: [y = ""],
  } of nodes) {
    if (opType !== "Relu" || !tensors.has(y) || readers.get(x)?.length !== 1) continue;
    removedRelus.set(x, y);
    tensors.delete(x);
  }
  const makers = new Map(nodes.map((node) => [node.outputs[0] ?? "", node]));
  const rangeOf = (tensor: string): string => {
    const maker = makers.get(tensor);
    const from = maker && MOVES.has(maker.opType) ? maker.inputs[0] : undefined;
    return from !== undefined && tensors.has(from) ? rangeOf(from) : tensor;
  };
  return { tensors, rangeOf, removedRelus };
}
