/** A Program in two: what depends on some of its inputs and on fixed variables alone, and the rest. */
import { defineProgram, type Program } from "./program.ts";
import { input, type Node, type Value } from "./value.ts";

/** What stays the same from run to run. */
export interface Fixed {
  /** Whether the input of that name belongs to the first part. */
  readonly isInput: (name: string) => boolean;
  /** Whether no run changes the variable of that name. */
  readonly isVariable: (name: string) => boolean;
  /** Ops whose outputs for one image depend on the others of the batch, such as batch normalisation in training. */
  readonly mixing: readonly string[];
}

/** A Program in two. */
export interface SplitProgram {
  /** Output: `features`. */
  readonly prefix: Program;
  /** Input: `features`, instead of the inputs of the first part. */
  readonly suffix: Program;
  readonly features: Value;
}

/** Name of what the first part hands to the second. */
export const FEATURES = "features";

/**
 * Cuts a Program where everything before depends on the inputs and variables of `fixed` alone. Undefined unless one single
 * value, computed from the inputs, is handed over.
 */
export function splitProgram(program: Program, fixed: Fixed): SplitProgram | undefined {
  const updated = new Set(program.updates.map(({ variable }) => variable.name));
  const isFixed = new Map<Value, boolean>();
  const fromInput = new Set<Value>();
  const examine = (value: Value): boolean => {
    const { source } = value;
    if (source.kind === "constant") return true;
    if (source.kind === "variable") return fixed.isVariable(source.variable.name) && !updated.has(source.variable.name);
    if (source.kind !== "input") return isFixed.get(value) ?? false;
    if (!fixed.isInput(source.name)) return false;
    fromInput.add(value);
    return true;
  };
  for (const node of program.nodes) {
    const operands = node.inputs.filter((operand) => operand !== undefined);
    const all = !fixed.mixing.includes(node.op) && operands.map(examine).every(Boolean);
    for (const output of node.outputs) {
      isFixed.set(output, all);
      if (all && operands.some((operand) => fromInput.has(operand))) fromInput.add(output);
    }
  }
  const handed = new Set<Value>();
  const note = (value: Value | undefined): void => {
    if (value && fromInput.has(value) && examine(value)) handed.add(value);
  };
  for (const node of program.nodes) if (!isFixed.get(node.outputs[0] as Value)) node.inputs.forEach(note);
  for (const value of [...Object.values(program.outputs), ...program.updates.map((update) => update.value)])
    note(value);
  const [features] = handed;
  if (!features || handed.size !== 1 || features.source.kind !== "node" || features.dtype !== "float32")
    return undefined;
  return { features, prefix: prefixOf(program, features), suffix: suffixOf(program, features) };
}

const prefixOf = ({ name }: Program, features: Value): Program =>
  defineProgram({ name: `${name}, frozen part`, outputs: { [FEATURES]: features } });

/** The Program with an input in the place of `features`. */
function suffixOf({ name, nodes, outputs, updates }: Program, features: Value): Program {
  const replaced = new Map<Value, Value>([[features, input(FEATURES, features.shape)]]);
  const now = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of nodes) {
    if (!node.inputs.some((operand) => operand && replaced.has(operand))) continue;
    const changed = withOperands(node, (operand) => operand && now(operand));
    for (const [index, output] of node.outputs.entries()) {
      if (output !== features) replaced.set(output, changed.outputs[index] as Value);
    }
  }
  return defineProgram({
    name: `${name}, trained part`,
    outputs: Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, now(value)])),
    updates: updates.map(({ variable, value }) => ({ variable, value: now(value) })),
  });
}

/** The same application of an op to other operands of the same types. */
function withOperands(node: Node, change: (operand: Value | undefined) => Value | undefined): Node {
  const outputs: Value[] = [];
  const changed: Node = { ...node, inputs: node.inputs.map(change), outputs };
  for (const { shape, dtype, source } of node.outputs) {
    if (source.kind !== "node") throw new Error(`op "${node.op}" has an output that is not its own`);
    outputs.push({ shape, dtype, source: { ...source, node: changed } });
  }
  return changed;
}
