import { defineOp, float32, type HostTensor } from "../graph/define-op.ts";
import { type Shape, sameShape, type TensorType, type Value } from "../graph/value.ts";
import { broadcastShape, channelsOf, expectAxes, expectRule, expectVectors } from "./checks.ts";
import { mapElements, zipElements } from "./reference/elements.ts";
import { broadcast, sumInto } from "./reference/shaping.ts";
import { reshape } from "./shaping.ts";

/** Sum of all operands, which are broadcast to one shape. */
export const add = defineOp({
  name: "add",
  inputs: ["...xs"],
  outputs: ["y"],
  shape: (xs) => [float32(broadcastShape("add", Object.fromEntries(xs.map((x, index) => [`xs[${index}]`, x]))))],
  gradient: ({ inputs: xs, gradOutputs: [dy] }) => xs.map((x) => sumTo(dy, x.shape)),
  reference: (xs, _, [y]) => [
    xs.map((x) => broadcast(x, y.shape)).reduce((total, x) => zipElements(total, x, (a, b) => a + b)),
  ],
});

/** a·b, elementwise, broadcast. */
export const multiply = defineOp({
  name: "multiply",
  inputs: ["a", "b"],
  outputs: ["y"],
  shape: ([a, b]) => [float32(broadcastShape("multiply", { a, b }))],
  gradient: ({ inputs: [a, b], gradOutputs: [dy] }): Value[] => [
    sumTo(multiply(dy, b), a.shape),
    sumTo(multiply(dy, a), b.shape),
  ],
  reference: ([a, b], _, [y]) => [zipElements(broadcast(a, y.shape), broadcast(b, y.shape), (p, q) => p * q)],
});

/** a − b, elementwise, broadcast. */
export const subtract = defineOp({
  name: "subtract",
  inputs: ["a", "b"],
  outputs: ["y"],
  shape: ([a, b]) => [float32(broadcastShape("subtract", { a, b }))],
  gradient: ({ inputs: [a, b], gradOutputs: [dy] }) => [sumTo(dy, a.shape), sumTo(scale(dy, { factor: -1 }), b.shape)],
  reference: ([a, b], _, [y]) => [zipElements(broadcast(a, y.shape), broadcast(b, y.shape), (p, q) => p - q)],
});

/** factor·x, elementwise. */
export const scale = defineOp({
  name: "scale",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { factor: 1 },
  shape: ([x]) => [float32(x.shape)],
  gradient: ({ gradOutputs: [dy], attributes }): Value[] => [scale(dy, attributes)],
  reference: ([x], { factor }) => [mapElements(x, (value) => factor * value)],
});

/** Which axes a reduction removes, or with `keepDims` leaves with size 1. */
export type ReductionAttributes = { readonly axes: readonly number[]; readonly keepDims: boolean };

const REDUCTION: ReductionAttributes = { axes: [], keepDims: false };

/** Σ over `axes`, at least one. */
export const sum = defineOp({
  name: "sum",
  inputs: ["x"],
  outputs: ["y"],
  defaults: REDUCTION,
  shape: ([x], attributes) => [float32(reducedShape("sum", x, attributes))],
  gradient: ({ inputs: [x], gradOutputs: [dy], attributes: { axes } }): Value[] => [spread(dy, x.shape, axes)],
  reference: ([x], { axes }, [y]) => [{ ...sumInto(x, withOnes(x.shape, axes)), shape: y.shape }],
});

/** Mean over `axes`, at least one. */
export const mean = defineOp({
  name: "mean",
  inputs: ["x"],
  outputs: ["y"],
  defaults: REDUCTION,
  shape: ([x], attributes) => [float32(reducedShape("mean", x, attributes))],
  gradient: ({ inputs: [x], gradOutputs: [dy], attributes: { axes } }) => [
    scale(spread(dy, x.shape, axes), { factor: 1 / countOf(x.shape, axes) }),
  ],
  reference: ([x], { axes }, [y]) => {
    const total = sumInto(x, withOnes(x.shape, axes));
    return [{ ...mapElements(total, (value) => value / countOf(x.shape, axes)), shape: y.shape }];
  },
});

/** x repeated to `shape` by numpy's broadcasting rules. */
export const broadcastTo = defineOp({
  name: "broadcastTo",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { shape: [] as Shape },
  shape: ([x], { shape }) => {
    const missing = shape.length - x.shape.length;
    const fits = 0 <= missing && x.shape.every((size, axis) => size === 1 || size === shape[missing + axis]);
    expectRule("broadcastTo", fits, `x must broadcast to [${shape.join(", ")}]`, { x });
    return [float32(shape)];
  },
  gradient: ({ inputs: [x], gradOutputs: [dy] }) => [sumTo(dy, x.shape)],
  reference: ([x], _, [y]) => [broadcast(x, y.shape)],
});

/** x·scale + shift with one scale and one shift [C] per channel of x [N, C, …]. */
export const channelAffine = defineOp({
  name: "channelAffine",
  inputs: ["x", "scale", "shift"],
  outputs: ["y"],
  shape: ([x, factors, shift]) => {
    expectVectors("channelAffine", channelsOf("channelAffine", x), { scale: factors, shift }, { x });
    return [float32(x.shape)];
  },
  gradient: ({ inputs: [x, factors], gradOutputs: [dy] }) => {
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    return [
      multiply(dy, reshape(factors, { shape: perChannel(x) })),
      sum(multiply(dy, x), { axes }),
      sum(dy, { axes }),
    ];
  },
  reference: ([x, factors, shift]) => {
    const spreadOut = (vector: HostTensor): HostTensor => broadcast({ ...vector, shape: perChannel(x) }, x.shape);
    const scaled = zipElements(x, spreadOut(factors), (value, factor) => value * factor);
    return [zipElements(scaled, spreadOut(shift), (value, offset) => value + offset)];
  },
});

/** Undoes broadcasting: sums x over all that was spread from one element of `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) => (axis < missing || shape[axis - missing] !== size ? [axis] : []));
  const total = axes.length === 0 ? x : sum(x, { axes });
  return sameShape(total.shape, shape) ? total : reshape(total, { shape });
}

function reducedShape(op: string, x: TensorType, { axes, keepDims }: ReductionAttributes): Shape {
  expectAxes(op, axes, x);
  expectRule(op, 0 < axes.length, "axes must name at least one axis", { x });
  return keepDims ? withOnes(x.shape, axes) : x.shape.filter((_, axis) => !axes.includes(axis));
}

const withOnes = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

const countOf = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * (shape[axis] ?? 1), 1);

/** The gradient of a sum: dy, repeated along the axes that were summed. */
function spread(dy: Value, shape: Shape, axes: readonly number[]): Value {
  const kept = withOnes(shape, axes);
  return broadcastTo(sameShape(dy.shape, kept) ? dy : reshape(dy, { shape: kept }), { shape });
}

/** [C, 1, …]: the shape in which a vector of C numbers broadcasts over the channels of x. */
const perChannel = ({ shape }: { shape: Shape }): Shape => [shape[1] ?? 1, ...shape.slice(2).map(() => 1)];
