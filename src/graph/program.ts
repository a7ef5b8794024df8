import { formatType, type Node, sameShape, type TensorType, type Value, type Variable } from "./value.ts";

/** A value to be stored in a variable when the run ends; all reads of the run see the old content. */
export interface Update {
  readonly variable: Variable;
  readonly value: Value;
}

/** A pure description of one computation with static shapes: what an engine compiles. */
export interface Program {
  readonly name: string;
  /** Given at each run, in order of first use. */
  readonly inputs: readonly Value[];
  /** Read or written, in order of first use. */
  readonly variables: readonly Variable[];
  /** Applications of ops, each after those it reads. */
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Value>>;
  readonly updates: readonly Update[];
}

/** Name of an input value. */
export function inputName(value: Value): string {
  if (value.source.kind !== "input") throw new Error("the value is not an input");
  return value.source.name;
}

/** The Program that computes `outputs` and `updates`: only what they need is part of it. */
export function defineProgram(definition: {
  name: string;
  outputs: Readonly<Record<string, Value>>;
  updates?: readonly Update[];
}): Program {
  const { name, outputs, updates = [] } = definition;
  const inputs = new Map<string, Value>();
  const variables = new Map<string, Variable>();
  const order = sortNodes([...Object.values(outputs), ...updates.map((update) => update.value)], (value) => {
    if (value.source.kind === "input") addOnce(inputs, value.source.name, value, "input");
    if (value.source.kind === "variable")
      addOnce(variables, value.source.variable.name, value.source.variable, "variable");
  });
  for (const { variable, value } of updates) {
    addOnce(variables, variable.name, variable, "variable");
    if (!sameType(variable, value)) {
      throw new Error(
        `program "${name}": variable "${variable.name}" ${formatType(variable)} cannot take a value of type ${formatType(value)}`,
      );
    }
  }
  return { name, inputs: [...inputs.values()], variables: [...variables.values()], nodes: order, outputs, updates };
}

const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

function addOnce<T extends TensorType>(found: Map<string, T>, name: string, item: T, kind: string): void {
  const known = found.get(name);
  if (known && !sameType(known, item)) {
    throw new Error(`${kind} "${name}" is used with types ${formatType(known)} and ${formatType(item)}`);
  }
  if (!known) found.set(name, item);
}

/** All nodes behind `roots`, each after those it reads; `visit` sees every value once. Iterative: networks are deep. */
export function sortNodes(roots: readonly Value[], visit: (value: Value) => void = () => {}): Node[] {
  const order: Node[] = [];
  const seen = new Set<Value>();
  const entered = new Set<Node>();
  const done = new Set<Node>();
  const stack: (Value | Node)[] = [...roots].reverse();
  while (stack.length > 0) {
    const item = stack.pop() as Value | Node;
    if ("op" in item) {
      if (!done.has(item)) order.push(item);
      done.add(item);
      continue;
    }
    if (!seen.has(item)) {
      seen.add(item);
      visit(item);
    }
    if (item.source.kind !== "node" || entered.has(item.source.node)) continue;
    const { node } = item.source;
    entered.add(node);
    stack.push(node); // again, when all that it reads is done
    for (const operand of [...node.inputs].reverse()) if (operand) stack.push(operand);
  }
  return order;
}
