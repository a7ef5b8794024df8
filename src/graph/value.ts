/** The nodes of a computation: values (typed, shaped, without data) and the op applications that make them. */

/** Element type of a value. `opaque` is a workspace: type and layout belong to the engine, only its own gradient reads it. */
export type DataType = "float32" | "int32" | "opaque";

/** Sizes from the outermost dimension to the innermost; images are [N, C, H, W]. `[]` is a scalar. */
export type Shape = readonly number[];

/** What is known of a tensor before there is any data. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** Attributes of an op application: plain data, so that a graph can be printed, compared and sent to another thread. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

/** A tensor that the engine keeps between runs: a parameter, a running statistic, an optimizer slot. */
export interface Variable {
  /** Unique name; for parameters and buffers the key of the state dict, such as `layer1.0.conv1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DataType;
}

/** Where a value comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "constant"; readonly data: Float32Array | Int32Array }
  | { readonly kind: "node"; readonly node: Node; readonly index: number };

/** A tensor of the graph. Immutable; the identity of the object is the identity of the value. */
export interface Value extends TensorType {
  readonly source: Source;
}

/** One application of an op. An absent optional operand is `undefined`. */
export interface Node {
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
}

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** `[64, 3, 224, 224]`, as shapes are written in messages. */
export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** `[64] int32`: shape and, unless it is float32, element type, as types are written in messages. */
export const formatType = ({ shape, dtype }: TensorType): string =>
  dtype === "float32" ? formatShape(shape) : `${formatShape(shape)} ${dtype}`;

/** Whether two shapes are the same. */
export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** A tensor that the caller gives at each run. */
export function input(name: string, shape: Shape, dtype: DataType = "float32"): Value {
  return { shape, dtype, source: { kind: "input", name } };
}

/** The current content of a variable. */
export function read(variable: Variable): Value {
  return { shape: variable.shape, dtype: variable.dtype, source: { kind: "variable", variable } };
}

/** A tensor whose data is known when the graph is built; float32 for a Float32Array, int32 for an Int32Array. */
export function constant(data: Float32Array | Int32Array, shape: Shape): Value {
  if (data.length !== sizeOf(shape)) {
    throw new Error(`constant: shape ${formatShape(shape)} needs ${sizeOf(shape)} elements, got ${data.length}`);
  }
  return { shape, dtype: data instanceof Float32Array ? "float32" : "int32", source: { kind: "constant", data } };
}

/** A float32 scalar constant. */
export const scalar = (value: number): Value => constant(Float32Array.of(value), []);
