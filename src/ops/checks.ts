import { shapeError } from "../graph/define-op.ts";
import { type Shape, sameShape, type TensorType } from "../graph/value.ts";

/** Two sizes or steps, `[h, w]`. */
export type Pair = readonly [number, number];

/** Operands that an error lists with their shapes, by name; absent optional ones are left out. */
export type NamedOperands = Readonly<Record<string, TensorType | undefined>>;

/** Throws the shape error of `rule` unless `holds`. */
export function expectRule(op: string, holds: boolean, rule: string, operands: NamedOperands): void {
  if (!holds) throw shapeError(op, rule, operands);
}

/** Throws unless all present operands have one shape. */
export function expectSameShape(op: string, operands: NamedOperands): void {
  const [first, ...others] = Object.values(operands).filter((type) => type !== undefined);
  const same = others.every((type) => first && sameShape(first.shape, type.shape));
  expectRule(op, same, `${Object.keys(operands).join(", ")} must have one shape`, operands);
}

/** Throws unless each of `vectors` that is present has shape [size]; `of` is what the size was taken from. */
export function expectVectors(op: string, size: number, vectors: NamedOperands, of: NamedOperands): void {
  for (const [name, type] of Object.entries(vectors)) {
    expectRule(op, !type || sameShape(type.shape, [size]), `${name} must have shape [${size}]`, {
      ...of,
      [name]: type,
    });
  }
}

/** Throws unless all present operands are scalars. */
export function expectScalars(op: string, operands: NamedOperands): void {
  for (const [name, type] of Object.entries(operands)) {
    expectRule(op, !type || type.shape.length === 0, `${name} must be a scalar`, { [name]: type });
  }
}

/** Throws unless each of the named attributes is a pair of integers that are at least `minimum`. */
export function expectPairs(
  op: string,
  pairs: Readonly<Record<string, readonly number[]>>,
  minimum: number,
  operands: NamedOperands,
): void {
  for (const [name, pair] of Object.entries(pairs)) {
    const valid = pair.length === 2 && pair.every((size) => Number.isInteger(size) && minimum <= size);
    expectRule(op, valid, `${name} [${pair.join(", ")}] must be two integers of at least ${minimum}`, operands);
  }
}

/** Throws unless `axes` are distinct integers in 0..rank−1. */
export function expectAxes(op: string, axes: readonly number[], x: TensorType): void {
  const valid =
    new Set(axes).size === axes.length &&
    axes.every((axis) => Number.isInteger(axis) && 0 <= axis && axis < x.shape.length);
  expectRule(op, valid, `axes [${axes.join(", ")}] must be distinct and in 0..${x.shape.length - 1}`, { x });
}

/** The number of channels of x [N, C, …], or a shape error. */
export function channelsOf(op: string, x: TensorType): number {
  const [, channels] = x.shape;
  if (channels === undefined) throw shapeError(op, "x must have at least 2 dimensions", { x });
  return channels;
}

/** The shape that numpy's rules broadcast the operands to, or a shape error. */
export function broadcastShape(op: string, operands: Readonly<Record<string, TensorType>>): Shape {
  const shapes = Object.values(operands).map((type) => type.shape);
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    const compatible = sizes.every((candidate) => candidate === 1 || candidate === size);
    expectRule(op, compatible, "the operands must broadcast to one shape", operands);
    return size;
  });
}
