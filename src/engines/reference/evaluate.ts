import { type HostTensor, recordOf } from "../../graph/define-op.ts";
import { inputName, type Program } from "../../graph/program.ts";
import { formatShape, type Node, sameShape, type TensorType, type Value } from "../../graph/value.ts";

/** What one run of a Program gives: its outputs, and by variable name what is to be stored. */
export interface Evaluation {
  readonly outputs: Readonly<Record<string, HostTensor>>;
  readonly updates: ReadonlyMap<string, HostTensor>;
}

/**
 * Runs a Program by the reference implementation of each op, in float64.
 *
 * `inputs` and `variables` are found by name; one that is missing or has another shape is an error. The variables are not
 * changed: storing the updates is the caller's business. A tensor is freed when its last reader is done.
 */
export function evaluateProgram(
  program: Program,
  inputs: Readonly<Record<string, HostTensor>>,
  variables: ReadonlyMap<string, HostTensor>,
): Evaluation {
  const roots = [...Object.values(program.outputs), ...program.updates.map((update) => update.value)];
  const lastReader = lastReaders(program.nodes, new Set(roots));
  const tensors = new Map<Value, HostTensor>();
  const tensorOf = (value: Value): HostTensor => {
    if (value.source.kind === "node") return required(tensors.get(value), "a value that no node has made", value);
    if (value.source.kind === "constant") return hostConstant(value.source.data, value);
    if (value.source.kind === "variable") {
      const { name } = value.source.variable;
      return required(variables.get(name), `variable "${name}"`, value);
    }
    return required(inputs[inputName(value)], `input "${inputName(value)}"`, value);
  };

  for (const node of program.nodes) {
    const results = applyReference(
      node,
      node.inputs.map((operand) => operand && tensorOf(operand)),
    );
    node.outputs.forEach((output, index) => {
      if (lastReader.has(output))
        tensors.set(output, required(results[index], `output ${index} of ${node.op}`, output));
    });
    for (const operand of node.inputs) if (operand && lastReader.get(operand) === node) tensors.delete(operand);
  }
  const outputs = Object.entries(program.outputs).map(([name, value]) => [name, tensorOf(value)] as const);
  return {
    outputs: Object.fromEntries(outputs),
    updates: new Map(program.updates.map(({ variable, value }) => [variable.name, tensorOf(value)])),
  };
}

/** The last node that reads each value; "result" for what the run gives back. Values that nobody reads are not in it. */
function lastReaders(nodes: readonly Node[], results: ReadonlySet<Value>): Map<Value, Node | "result"> {
  const last = new Map<Value, Node | "result">();
  for (const node of nodes) for (const operand of node.inputs) if (operand) last.set(operand, node);
  for (const value of results) last.set(value, "result");
  return last;
}

function applyReference(node: Node, operands: readonly (HostTensor | undefined)[]): readonly HostTensor[] {
  return recordOf(node.op).reference(operands as readonly HostTensor[], node.attributes, node.outputs);
}

/** float32 constants are held in float64, as all tensors here are. */
const hostConstant = (data: Float32Array | Int32Array, { shape }: TensorType): HostTensor => ({
  shape,
  data: data instanceof Int32Array ? data : Float64Array.from(data),
});

function required(tensor: HostTensor | undefined, what: string, { shape }: TensorType): HostTensor {
  if (!tensor) throw new Error(`${what} is missing`);
  if (!sameShape(tensor.shape, shape))
    throw new Error(`${what} must have shape ${formatShape(shape)}, got ${formatShape(tensor.shape)}`);
  return tensor;
}
