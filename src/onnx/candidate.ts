/** One application of an op as a model of its own, to measure an algorithm by. */
import type { Node, TensorType } from "../graph/value.ts";
import { canBlock, fromBlocked } from "./blocked.ts";
import { createEmission, type Emitter, type Target } from "./emitter.ts";
import { algorithmKey } from "./kernels/algorithms.ts";
import { ALGORITHMS } from "./kernels/convolution.ts";
import { kernels } from "./kernels/index.ts";
import { type ApplyKernel, prune } from "./lower.ts";
import type { ModelRecord, NodeRecord, PortRecord } from "./model.ts";

/** Names of the algorithms of the node's op, if there are several. */
export const algorithmsOf = ({ op }: Node): readonly string[] => ALGORITHMS[op] ?? [];

/** The text by which a choice for the node is known; see `Target.algorithms`. */
export const keyOf = (node: Node): string => algorithmKey(node.op, node);

/** Whether an operand is an image that its neighbours have in the blocked layout. */
const isBlocked = (emitter: Emitter, { op }: Node, index: number, { shape }: TensorType): boolean =>
  (index === 0 || op === "conv2dWeightGradient") && shape.length === 4 && canBlock(emitter, shape[1] ?? 0);

/** A way to compute a node. */
export interface Candidate {
  readonly algorithm: string;
  readonly model: ModelRecord;
}

/** All algorithms that can compute the node, the one that is best by rule first; none where there is no choice. */
export function candidatesOf(node: Node, target: Target): readonly Candidate[] {
  const byRule = candidate(node, undefined, target);
  if (!byRule) return [];
  const others = algorithmsOf(node).flatMap((algorithm) => {
    const other = algorithm === byRule.algorithm ? undefined : candidate(node, algorithm, target);
    return other?.algorithm === algorithm ? [other] : [];
  });
  return others.length === 0 ? [] : [byRule, ...others];
}

/**
 * Copies of the op in a model. They share what it costs to wake the runtime's threads, which sleep between runs: up to some
 * milliseconds.
 */
const COPIES = 2;

const copyName = (name: string, copy: number): string => `${name}, copy ${copy}`;

/** Nodes `COPIES` times, under different names. */
function repeated(nodes: readonly NodeRecord[]): NodeRecord[] {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  return Array.from({ length: COPIES }, (_, copy) => {
    const rename = (name: string): string => (made.has(name) ? copyName(name, copy) : name);
    return nodes.map((node) => ({
      ...node,
      name: rename(node.outputs[0] ?? ""),
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
  }).flat();
}

/** The node's op alone, several times: images come and go in the blocked layout, where their channels fit. */
function candidate(node: Node, asked: string | undefined, target: Target): Candidate | undefined {
  const key = keyOf(node);
  const emission = createEmission({ ...target, algorithms: new Map(asked === undefined ? [] : [[key, asked]]) });
  const { emitter } = emission;
  const inputs: PortRecord[] = [];
  const operands = node.inputs.map((type, index) => {
    if (!type) return undefined;
    const name = `operand:${index}`;
    inputs.push({ name, kind: "float32", shape: type.shape });
    return isBlocked(emitter, node, index, type) ? fromBlocked(emitter, name, type) : name;
  });
  const [written = ""] = (kernels[node.op as keyof typeof kernels] as unknown as ApplyKernel)(emitter, operands, node);
  const algorithm = emitter.algorithms.get(key);
  if (algorithm === undefined) return undefined;
  const result = emitter.blocked.get(written) ?? written;
  const nodes = prune(emission.nodes, [result]);
  const used = new Set(nodes.flatMap((each) => each.inputs));
  const model = {
    name: `${node.op}, ${algorithm}`,
    nodes: repeated(nodes),
    initializers: emission.initializers.filter(({ name }) => used.has(name)),
    inputs: inputs.filter(({ name }) => used.has(name)),
    outputs: Array.from({ length: COPIES }, (_, copy) => ({
      name: copyName(result, copy),
      kind: "float32" as const,
      shape: node.outputs[0]?.shape ?? [],
    })),
  } as const;
  return { algorithm, model };
}
