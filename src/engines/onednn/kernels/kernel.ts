import type { HostTensor } from "../../../graph/define-op.ts";
import "../../../ops/index.ts"; // without it there are no records
import { recordOf } from "../../../graph/define-op.ts";
import type { Attributes, Node, Value } from "../../../graph/value.ts";
import type { Builder } from "../builder.ts";
import type { Tensor } from "../tensor.ts";

/** A node as its kernel sees it: operands that must be there, attributes of their types. */
export interface KernelNode<A = Attributes> {
  readonly op: string;
  readonly attributes: A;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
}

/** Adds the steps of a node. */
export type Kernel = (node: Node, build: Builder) => void;

/** The operand or output number `index`, which is there. */
export function the(values: readonly (Value | undefined)[], index: number): Value {
  const value = values[index];
  if (!value) throw new Error(`operand ${index} is missing`);
  return value;
}

/** Whatever oneDNN has no primitive for, and what is too small to matter: the reference implementation on row-major tensors. */
export const byReference: Kernel = (node, build) => {
  const operands = node.inputs.map((value) => value && { value, tensor: build.readPlain(value) });
  const results = node.outputs.map((value) => ({ value, tensor: build.write(value) }));
  const { reference } = recordOf(node.op);
  const tensors = [...operands.map((operand) => operand?.tensor), ...results.map(({ tensor }) => tensor)];
  build.step(tensors, () => {
    const given = operands.map((operand) => operand && hostTensor(operand.value, operand.tensor));
    const made = reference(given as readonly HostTensor[], node.attributes, node.outputs);
    results.forEach(({ value, tensor: { storage } }, index) => {
      (isInteger(value) ? storage.integers : storage.floats).set(made[index]?.data ?? []);
    });
  });
};

/** What is not a float: labels, keys, and the indices that the reference keeps for the gradient of a pool. */
const isInteger = ({ dtype }: Value): boolean => dtype !== "float32";

const hostTensor = (value: Value, { storage }: Tensor): HostTensor => ({
  shape: value.shape,
  data: isInteger(value) ? storage.integers : Float64Array.from(storage.floats),
});
