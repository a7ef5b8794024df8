import {
  type Attributes,
  type DataType,
  formatType,
  type Node,
  type Shape,
  type TensorType,
  type Value,
} from "./value.ts";

/** Operand names of an op. `"bias?"` may be absent; a single `"...xs"` takes any number of operands. */
export type OperandNames = readonly string[];

type IsVariadic<Names extends OperandNames> = Names extends readonly [`...${string}`] ? true : false;

/** One element for each operand: `T`, or `T | undefined` where the operand is optional. */
export type PerOperand<Names extends OperandNames, T> =
  IsVariadic<Names> extends true
    ? readonly [T, ...T[]]
    : { readonly [Index in keyof Names]: Names[Index] extends `${string}?` ? T | undefined : T };

/** One element for each output. */
export type PerOutput<Names extends OperandNames, T> = { readonly [Index in keyof Names]: T };

/** A host tensor as the reference implementations see it: float32 values are held in float64. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: Float64Array | Int32Array;
}

/** What a gradient rule gets. Only the first output of an op is differentiable: only its incoming gradient exists. */
export interface GradientArguments<Inputs extends OperandNames, Outputs extends OperandNames, A> {
  readonly inputs: PerOperand<Inputs, Value>;
  readonly outputs: PerOutput<Outputs, Value>;
  readonly gradOutputs: readonly [Value];
  readonly attributes: A;
}

/** The record of an op: all that the project knows of it, engines' kernels aside. */
export interface OpRecord<
  Name extends string = string,
  Inputs extends OperandNames = OperandNames,
  Outputs extends OperandNames = OperandNames,
  A = Attributes,
> {
  readonly name: Name;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** Default attributes; a call gives any of them another value. */
  readonly defaults: A;
  /** Element types of the operands that are not float32, by operand name. */
  readonly dtypes?: Readonly<Record<string, DataType>>;
  /** Types of the outputs, or a thrown shape error (see `shapeError`). */
  readonly shape: (inputs: PerOperand<Inputs, Value>, attributes: A) => PerOutput<Outputs, TensorType>;
  /**
   * Gradients with respect to the operands, built from other ops; `undefined` where there is none (labels, masks).
   * Those that nobody asks for are never computed: a value that no output of a Program reaches is not part of it.
   * An op without this rule is not differentiable.
   */
  readonly gradient?: (args: GradientArguments<Inputs, Outputs, A>) => readonly (Value | undefined)[];
  /** The op in plain loops and float64: slow, obvious, the judge in tests. */
  readonly reference: (
    inputs: PerOperand<Inputs, HostTensor>,
    attributes: A,
    outputs: PerOutput<Outputs, TensorType>,
  ) => PerOutput<Outputs, HostTensor>;
}

type Result<Outputs extends OperandNames> = Outputs extends readonly [string] ? Value : PerOutput<Outputs, Value>;

type Arguments<Inputs extends OperandNames, A> =
  IsVariadic<Inputs> extends true
    ? [values: readonly Value[], attributes?: Partial<A>]
    : [...values: PerOperand<Inputs, Value>, attributes?: Partial<A>];

/** An op: its record, callable on values. One output is returned as such, several as a tuple. */
export type Op<
  Name extends string = string,
  Inputs extends OperandNames = OperandNames,
  Outputs extends OperandNames = OperandNames,
  A = Attributes,
> = OpRecord<Name, Inputs, Outputs, A> & ((...args: Arguments<Inputs, A>) => Result<Outputs>);

/** What `defineOp` takes: the record; an op without attributes leaves the defaults out. */
export type OpDefinition<Name extends string, Inputs extends OperandNames, Outputs extends OperandNames, A> = Omit<
  OpRecord<Name, Inputs, Outputs, A>,
  "defaults"
> & { readonly defaults?: A };

// Gradients find the record of a node by its name; filled by defineOp alone.
const records = new Map<string, OpRecord>();

/** The record of an op by name. */
export function recordOf(name: string): OpRecord {
  const record = records.get(name);
  if (!record) throw new Error(`no op is named "${name}"`);
  return record;
}

/**
 * Makes an op of its record.
 *
 * `relu(x)`, `conv2d(x, weight, bias, { stride: [2, 2] })`, `concat([a, b], { axis: 1 })`: operands first, then attributes
 * that differ from the defaults. Operand types are checked by the op's `shape`.
 */
export function defineOp<
  const Name extends string,
  const Inputs extends OperandNames,
  const Outputs extends OperandNames,
  A extends object = Record<never, never>,
>(definition: OpDefinition<Name, Inputs, Outputs, A>): Op<Name, Inputs, Outputs, A> {
  const defaults = (definition.defaults ?? {}) as A;
  const { name: opName, outputs, ...rest } = definition;
  if (records.has(opName)) throw new Error(`op "${opName}" is defined twice`);
  const record = { ...rest, outputs, defaults };
  const variadic = definition.inputs[0]?.startsWith("...") === true;
  const arity = definition.inputs.length;

  const apply = (...args: readonly unknown[]): unknown => {
    const operands = (variadic ? args[0] : args.slice(0, arity)) as readonly (Value | undefined)[];
    const given = (variadic ? args[1] : args[arity]) as Partial<A> | undefined;
    const attributes = { ...defaults, ...given };
    const node = applyOp({ ...record, name: opName } as unknown as OpRecord, operands, attributes as Attributes);
    return outputs.length === 1 ? node.outputs[0] : node.outputs;
  };
  // `name` of a function is read-only to assignment, hence defineProperties
  const op = Object.defineProperties(Object.assign(apply, record), { name: { value: opName } });
  records.set(opName, op as unknown as OpRecord);
  return op as unknown as Op<Name, Inputs, Outputs, A>;
}

function applyOp(record: OpRecord, operands: readonly (Value | undefined)[], attributes: Attributes): Node {
  checkOperands(record, operands);
  const types = record.shape(operands as readonly Value[], attributes);
  const outputs: Value[] = [];
  const node: Node = { op: record.name, attributes, inputs: operands, outputs };
  types.forEach((type: TensorType, index: number) => {
    outputs.push({ shape: type.shape, dtype: type.dtype, source: { kind: "node", node, index } });
  });
  return node;
}

/** Presence and element types of the operands; shapes are the op's own business. */
function checkOperands(record: OpRecord, operands: readonly (Value | undefined)[]): void {
  const [first] = record.inputs;
  const variadic = first?.startsWith("...") ? first.slice("...".length) : undefined;
  const names = variadic ? (operands.length > 0 ? operands : [undefined]).map(() => variadic) : record.inputs;
  names.forEach((declared, index) => {
    const operandName = declared.replace("?", "");
    const operand = operands[index];
    if (!operand) {
      if (declared.endsWith("?")) return;
      throw new Error(`${record.name}: operand "${operandName}" is missing`);
    }
    const dtype = record.dtypes?.[operandName] ?? "float32";
    if (operand.dtype !== dtype) {
      throw shapeError(record.name, `${operandName} must be ${dtype}, not ${operand.dtype}`, {
        [operandName]: operand,
      });
    }
  });
}

/** An error of operand types: `conv2d: weight must have 4 input channels; got x [8, 4, 28, 28], weight [16, 3, 5, 5]`. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** The error to throw from an op's `shape` rule; `operands` are named with their shapes after the rule that is broken. */
export function shapeError(
  op: string,
  rule: string,
  operands: Readonly<Record<string, TensorType | undefined>>,
): ShapeError {
  const listed = Object.entries(operands).flatMap(([name, type]) => (type ? [`${name} ${formatType(type)}`] : []));
  return new ShapeError(`${op}: ${rule}; got ${listed.join(", ")}`);
}

/** The type of a float32 tensor. */
export const float32 = (shape: Shape): TensorType => ({ shape, dtype: "float32" });

/** The type of an engine's own workspace that stands for a tensor of `shape`. */
export const opaque = (shape: Shape): TensorType => ({ shape, dtype: "opaque" satisfies DataType });

/** The four sizes [n, c, h, w] of an operand, or a shape error that names it. */
export function dims4(type: TensorType, op: string, operand: string): [number, number, number, number] {
  if (type.shape.length !== 4) throw shapeError(op, `${operand} must have 4 dimensions`, { [operand]: type });
  return type.shape as unknown as [number, number, number, number];
}

/** The two sizes [n, c] of an operand, or a shape error that names it. */
export function dims2(type: TensorType, op: string, operand: string): [number, number] {
  if (type.shape.length !== 2) throw shapeError(op, `${operand} must have 2 dimensions`, { [operand]: type });
  return type.shape as unknown as [number, number];
}
