import { defineOp, float32 } from "../graph/define-op.ts";
import { type Shape, sameShape, sizeOf, type TensorType, type Value } from "../graph/value.ts";
import { expectAxes, expectRule } from "./checks.ts";
import { copyInto, copyRange, permute } from "./reference/shaping.ts";

/** The same elements in another shape of the same size; one size of `shape` may be −1: whatever remains. */
export const reshape = defineOp({
  name: "reshape",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { shape: [] as Shape },
  shape: ([x], { shape }) => {
    const known = sizeOf(shape.filter((size) => size !== -1));
    const rest = sizeOf(x.shape) / known;
    const result = shape.map((size) => (size === -1 ? rest : size));
    const valid =
      shape.filter((size) => size === -1).length <= 1 && Number.isInteger(rest) && sizeOf(result) === sizeOf(x.shape);
    expectRule("reshape", valid, `shape [${shape.join(", ")}] must hold ${sizeOf(x.shape)} elements`, { x });
    return [float32(result)];
  },
  gradient: ({ inputs: [x], gradOutputs: [dy] }): Value[] => [reshape(dy, { shape: x.shape })],
  reference: ([x], _, [y]) => [{ shape: y.shape, data: x.data }],
});

/** x [N, …] → [N, the rest]. */
export const flatten = (x: Value): Value => reshape(x, { shape: [x.shape[0] ?? 1, -1] });

/** Axis i of the result is axis `permutation[i]` of x. */
export const transpose = defineOp({
  name: "transpose",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { permutation: [] as readonly number[] },
  shape: ([x], { permutation }) => {
    expectAxes("transpose", permutation, x);
    const rule = `permutation [${permutation.join(", ")}] must name each of the ${x.shape.length} axes`;
    expectRule("transpose", permutation.length === x.shape.length, rule, { x });
    return [float32(permutation.map((axis) => x.shape[axis] ?? 1))];
  },
  gradient: ({ gradOutputs: [dy], attributes: { permutation } }): Value[] => [
    transpose(dy, { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) }),
  ],
  reference: ([x], { permutation }, [y]) => [permute(x, permutation, y.shape)],
});

/** The operands one after another along `axis`; their other sizes are the same. */
export const concat = defineOp({
  name: "concat",
  inputs: ["...xs"],
  outputs: ["y"],
  defaults: { axis: 1 },
  shape: (xs, { axis }) => {
    const [first] = xs;
    expectAxes("concat", [axis], first);
    const operands = Object.fromEntries(xs.map((x, index) => [`xs[${index}]`, x]));
    const others = ({ shape }: TensorType): Shape => shape.map((size, i) => (i === axis ? 0 : size));
    const fit = xs.every((x) => sameShape(others(x), others(first)));
    expectRule("concat", fit, `the operands must have one shape apart from axis ${axis}`, operands);
    const total = xs.reduce((sum, x) => sum + sizeAt(x, axis), 0);
    return [float32(first.shape.map((size, i) => (i === axis ? total : size)))];
  },
  gradient: ({ inputs: xs, gradOutputs: [dy], attributes: { axis } }) => {
    let end = 0;
    return xs.map((x) => {
      const start = end;
      end += sizeAt(x, axis);
      return slice(dy, { axis, start, end });
    });
  },
  reference: (xs, { axis }, [y]) => [copyInto(xs, { axis, starts: startsOf(xs, axis), shape: y.shape })],
});

/** Elements start..end−1 along `axis`. */
export const slice = defineOp({
  name: "slice",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { axis: 0, start: 0, end: 0 },
  shape: ([x], { axis, start, end }) => {
    expectAxes("slice", [axis], x);
    const size = sizeAt(x, axis);
    const inside = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= size;
    expectRule("slice", inside, `start ${start} and end ${end} must be a range inside 0..${size} of axis ${axis}`, {
      x,
    });
    return [float32(x.shape.map((other, i) => (i === axis ? end - start : other)))];
  },
  gradient: ({ inputs: [x], gradOutputs: [dy], attributes: { axis, start, end } }): Value[] => [
    pad(dy, { axis, before: start, after: sizeAt(x, axis) - end }),
  ],
  reference: ([x], { axis, start }, [y]) => [copyRange(x, { axis, start, shape: y.shape })],
});

/** Zeros before and after the elements along `axis`. */
export const pad = defineOp({
  name: "pad",
  inputs: ["x"],
  outputs: ["y"],
  defaults: { axis: 0, before: 0, after: 0 },
  shape: ([x], { axis, before, after }) => {
    expectAxes("pad", [axis], x);
    const counts = [before, after].every((count) => Number.isInteger(count) && 0 <= count);
    expectRule("pad", counts, `before ${before} and after ${after} must be integers of at least 0`, { x });
    return [float32(x.shape.map((size, i) => (i === axis ? before + size + after : size)))];
  },
  gradient: ({ inputs: [x], gradOutputs: [dy], attributes: { axis, before } }): Value[] => [
    slice(dy, { axis, start: before, end: before + sizeAt(x, axis) }),
  ],
  reference: ([x], { axis, before }, [y]) => [copyInto([x], { axis, starts: [before], shape: y.shape })],
});

const sizeAt = ({ shape }: { shape: Shape }, axis: number): number => shape[axis] ?? 1;

function startsOf(xs: readonly { shape: Shape }[], axis: number): number[] {
  let end = 0;
  return xs.map((x) => {
    end += sizeAt(x, axis);
    return end - sizeAt(x, axis);
  });
}
