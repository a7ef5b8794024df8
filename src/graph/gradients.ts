import { recordOf } from "./define-op.ts";
import { sortNodes } from "./program.ts";
import { constant, formatShape, type Node, sameShape, type Value } from "./value.ts";

/** Sums two gradients of one value; given by the caller, since the graph knows no op. */
export type Sum = (values: readonly Value[]) => Value;

/**
 * Reverse-mode gradients of a scalar `loss` with respect to `targets`, one value of the same shape for each.
 *
 * Visits only nodes that lie between a target and the loss. A value that is used several times gets one `sum` of all its
 * incoming gradients. A target that the loss does not depend on is an error: it would silently never be trained.
 */
export function gradientsOf(loss: Value, targets: readonly Value[], sum: Sum): Value[] {
  if (loss.shape.length !== 0)
    throw new Error(`gradientsOf: the loss must be a scalar, got shape [${loss.shape.join(", ")}]`);
  const order = sortNodes([loss]);
  const needed = nodesThatNeedGradient(order, new Set(targets));
  const incoming = new Map<Value, Value[]>([[loss, [constant(Float32Array.of(1), [])]]]);
  const totals = new Map<Value, Value>();
  const total = (value: Value): Value | undefined => {
    const known = totals.get(value);
    if (known) return known;
    const parts = incoming.get(value);
    if (!parts) return undefined;
    const result = parts.length === 1 ? (parts[0] as Value) : sum(parts);
    totals.set(value, result);
    return result;
  };

  for (const node of [...order].reverse()) {
    if (!needed.nodes.has(node)) continue;
    const [gradOutput, ...others] = node.outputs.map(total);
    if (others.some((gradient) => gradient !== undefined))
      throw new Error(`op "${node.op}": only its first output is differentiable, but the loss depends on another`);
    if (!gradOutput) continue;
    const gradInputs = applyRule(node, gradOutput);
    node.inputs.forEach((operand, index) => {
      const part = gradInputs[index];
      if (!operand || !part || !needed.values.has(operand)) return;
      const parts = incoming.get(operand);
      if (parts) parts.push(part);
      else incoming.set(operand, [part]);
    });
  }
  return targets.map((target, index) => {
    const gradient = total(target);
    if (gradient) return gradient;
    const name = target.source.kind === "variable" ? `"${target.source.variable.name}"` : `number ${index}`;
    throw new Error(`gradientsOf: the loss does not depend on target ${name}`);
  });
}

/** The gradients of a node's operands by its op's rule, checked to have the operands' shapes. */
function applyRule(node: Node, gradOutput: Value): readonly (Value | undefined)[] {
  const { gradient } = recordOf(node.op);
  if (!gradient) throw new Error(`op "${node.op}" has no gradient, but a target is reached only through it`);
  const { inputs, outputs, attributes } = node;
  const gradInputs = gradient({
    inputs: inputs as readonly Value[],
    outputs,
    gradOutputs: [gradOutput],
    attributes,
  });
  inputs.forEach((operand, index) => {
    const part = gradInputs[index];
    if (operand && part && !sameShape(operand.shape, part.shape)) {
      throw new Error(
        `op "${node.op}": the gradient of operand ${index} ${formatShape(operand.shape)} has shape ${formatShape(part.shape)}`,
      );
    }
  });
  return gradInputs;
}

function nodesThatNeedGradient(
  order: readonly Node[],
  targets: ReadonlySet<Value>,
): { nodes: Set<Node>; values: Set<Value> } {
  const nodes = new Set<Node>();
  const values = new Set<Value>(targets);
  for (const node of order) {
    if (!node.inputs.some((operand) => operand && values.has(operand))) continue;
    nodes.add(node);
    for (const output of node.outputs) values.add(output);
  }
  return { nodes, values };
}
