/** Which nodes of a Program one primitive does together, so that a tensor passes through memory once instead of twice. */
import type { Program } from "../../graph/program.ts";
import type { Node, Value } from "../../graph/value.ts";

/** Nodes that others do along with their own work. */
export interface Fusions {
  /** By convolution, linear layer, normalisation or sum: the relu of its result, of which nobody reads the rest. */
  readonly relus: ReadonlyMap<Node, Node>;
  /** By gradient of a batch normalisation: the gradient of the relu that its forward pass did along. */
  readonly reluGradients: ReadonlyMap<Node, Node>;
  /** By gradient of a convolution's weight: the gradient of its bias. */
  readonly biasGradients: ReadonlyMap<Node, Node>;
  /** By convolution: the normalisation with given statistics that its weights can take in. */
  readonly foldings: ReadonlyMap<Node, Node>;
  /** All that others do. */
  readonly absorbed: ReadonlySet<Node>;
}

const BEFORE_RELU = new Set(["conv2d", "linear", "batchNormTraining", "batchNormInference", "add"]);

/** Finds what can be done together in a Program. */
export function findFusions(program: Program): Fusions {
  const readers = readersOf(program);
  const onlyReader = (value: Value | undefined): Node | undefined => {
    const found = (value && readers.get(value)) ?? [];
    return found.length === 1 && found[0] !== "result" ? found[0] : undefined;
  };
  const updated = new Set(program.updates.map(({ variable }) => variable.name));
  const relus = new Map<Node, Node>();
  const foldings = new Map<Node, Node>();
  for (const node of program.nodes) {
    const reader = onlyReader(node.outputs[0]);
    if (reader && node.op === "conv2d" && canFold(reader, node, updated)) foldings.set(node, reader);
  }
  const taken = new Set(foldings.values());
  for (const node of program.nodes) {
    const reader = onlyReader((foldings.get(node) ?? node).outputs[0]);
    const folded = taken.has(node);
    if (BEFORE_RELU.has(node.op) && reader?.op === "relu" && !folded) relus.set(node, reader);
  }
  const reluGradients = new Map<Node, Node>();
  const biasGradients = new Map<Node, Node>();
  for (const node of program.nodes) {
    const before = node.op === "batchNormTrainingGradient" ? reluGradientOf(node, relus) : undefined;
    if (before && onlyReader(before.outputs[0]) === node) reluGradients.set(node, before);
    const bias = node.op === "conv2dWeightGradient" ? biasGradientOf(node, readers) : undefined;
    if (bias && ![...biasGradients.values()].includes(bias)) biasGradients.set(node, bias);
  }
  const all = [relus, reluGradients, biasGradients, foldings];
  return { relus, reluGradients, biasGradients, foldings, absorbed: new Set(all.flatMap((map) => [...map.values()])) };
}

/** Who reads each value; "result" for what the run gives back or stores. */
function readersOf({ nodes, outputs, updates }: Program): Map<Value, (Node | "result")[]> {
  const readers = new Map<Value, (Node | "result")[]>();
  const add = (value: Value, reader: Node | "result"): void => {
    const known = readers.get(value);
    if (known) known.push(reader);
    else readers.set(value, [reader]);
  };
  for (const node of nodes) for (const value of node.inputs) if (value) add(value, node);
  for (const value of [...Object.values(outputs), ...updates.map((update) => update.value)]) add(value, "result");
  return readers;
}

const isKept = (value: Value | undefined, updated: ReadonlySet<string>): boolean =>
  value?.source.kind === "variable" && !updated.has(value.source.variable.name);

/** Whether a normalisation of a convolution's result has nothing but variables that the Program leaves as they are. */
function canFold(reader: Node, convolution: Node, updated: ReadonlySet<string>): boolean {
  const [x, ...vectors] = reader.inputs;
  if (reader.op !== "batchNormInference" || x !== convolution.outputs[0]) return false;
  const [, weight, bias] = convolution.inputs;
  return [weight, ...(bias ? [bias] : []), ...vectors].every((value) => isKept(value, updated));
}

const makerOf = (value: Value | undefined): Node | undefined =>
  value?.source.kind === "node" ? value.source.node : undefined;

/** The gradient of the relu that was done along with the batch normalisation of which `node` is the gradient. */
function reluGradientOf(node: Node, relus: ReadonlyMap<Node, Node>): Node | undefined {
  const [, , savedMean, , dy] = node.inputs;
  const [forward, before] = [makerOf(savedMean), makerOf(dy)];
  const relu = forward && relus.get(forward);
  if (!relu || forward.inputs[0] !== node.inputs[0] || before?.op !== "reluGradient") return undefined;
  return before.inputs[0] === relu.outputs[0] ? before : undefined;
}

/** Σ dy over all but the channels, of the same dy as a weight's gradient. */
function biasGradientOf(node: Node, readers: ReadonlyMap<Value, (Node | "result")[]>): Node | undefined {
  const dy = node.inputs[1];
  const found = ((dy && readers.get(dy)) ?? []).find(
    (reader) =>
      reader !== "result" &&
      reader.op === "sum" &&
      String(reader.attributes.axes) === "0,2,3" &&
      !reader.attributes.keepDims,
  );
  return found === "result" ? undefined : found;
}
