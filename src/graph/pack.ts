import type { Program } from "./program.ts";
import type { Attributes, Node, Source, TensorType, Value, Variable } from "./value.ts";

/** A value by where it comes from; nodes by number. */
type PackedSource =
  | Exclude<Source, { kind: "node" }>
  | { readonly kind: "node"; readonly node: number; readonly index: number };

interface PackedValue extends TensorType {
  readonly source: PackedSource;
}

interface PackedNode {
  readonly op: string;
  readonly attributes: Attributes;
  /** Numbers of values. */
  readonly inputs: readonly (number | undefined)[];
  readonly outputs: readonly number[];
}

/** A Program as flat lists: values refer to nodes, and nodes to values, by number. Can be sent to another thread however deep it is. */
export interface PackedProgram {
  readonly name: string;
  readonly values: readonly PackedValue[];
  readonly nodes: readonly PackedNode[];
  readonly inputs: readonly number[];
  readonly variables: readonly Variable[];
  readonly outputs: Readonly<Record<string, number>>;
  readonly updates: readonly { readonly variable: Variable; readonly value: number }[];
}

/** The flat form of a Program. */
export function packProgram(program: Program): PackedProgram {
  const nodeNumbers = new Map(program.nodes.map((node, index) => [node, index]));
  const numbers = new Map<Value, number>();
  const values: PackedValue[] = [];
  const numberOf = (value: Value): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    const { shape, dtype, source } = value;
    const packed = source.kind === "node" ? { ...source, node: nodeNumbers.get(source.node) ?? -1 } : source;
    numbers.set(value, values.length);
    return values.push({ shape, dtype, source: packed }) - 1;
  };
  const nodes = program.nodes.map(({ op, attributes, inputs, outputs }) => ({
    op,
    attributes,
    inputs: inputs.map((value) => value && numberOf(value)),
    outputs: outputs.map(numberOf),
  }));
  return {
    name: program.name,
    nodes,
    inputs: program.inputs.map(numberOf),
    variables: program.variables,
    outputs: Object.fromEntries(Object.entries(program.outputs).map(([name, value]) => [name, numberOf(value)])),
    updates: program.updates.map(({ variable, value }) => ({ variable, value: numberOf(value) })),
    values,
  };
}

/** The Program of a flat form. */
export function unpackProgram(packed: PackedProgram): Program {
  const nodes = packed.nodes.map(({ op, attributes }) => ({ op, attributes, inputs: [], outputs: [] }) as MutableNode);
  const values = packed.values.map(({ shape, dtype, source }): Value => {
    if (source.kind !== "node") return { shape, dtype, source };
    return { shape, dtype, source: { ...source, node: at(nodes, source.node) } };
  });
  packed.nodes.forEach(({ inputs, outputs }, index) => {
    const node = at(nodes, index);
    node.inputs.push(...inputs.map((number) => (number === undefined ? undefined : at(values, number))));
    node.outputs.push(...outputs.map((number) => at(values, number)));
  });
  return {
    name: packed.name,
    inputs: packed.inputs.map((number) => at(values, number)),
    variables: packed.variables,
    nodes,
    outputs: Object.fromEntries(Object.entries(packed.outputs).map(([name, number]) => [name, at(values, number)])),
    updates: packed.updates.map(({ variable, value }) => ({ variable, value: at(values, value) })),
  };
}

interface MutableNode extends Node {
  readonly inputs: (Value | undefined)[];
  readonly outputs: Value[];
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`a packed Program has no item ${index}`);
  return item;
}
