import type { Shape } from "../../graph/value.ts";
import { withAffine } from "../affine.ts";
import { blockedChannelSums, canBlock, elementwise, gathered } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";
import type { KernelsFor } from "../kernel.ts";

type Names =
  | "add"
  | "multiply"
  | "subtract"
  | "scale"
  | "sum"
  | "mean"
  | "broadcastTo"
  | "channelAffine"
  | "reshape"
  | "transpose"
  | "concat"
  | "slice"
  | "pad";

/** A vector of one number per channel in the shape in which it broadcasts over an x of `rank` dimensions. */
export function perChannel({ emit, int64s }: Emitter, vector: string, rank: number): string {
  return rank <= 2 ? vector : emit("Reshape", [vector, int64s([1, -1, ...Array(rank - 2).fill(1)])]);
}

/** In ONNX a size of 0 is the one that x has there. */
const SAME_SIZE = 0;

/** The shape of a reshape that keeps the batch's size, whatever it is. */
function keepingBatch(from: Shape, to: Shape): Shape {
  const [batch, ...rest] = to;
  if (batch !== from[0]) throw new Error(`expected a reshape that keeps the batch's size, got ${from} to ${to}`);
  return [SAME_SIZE, ...rest];
}

/** Arithmetic and ops that only move elements. */
export const arithmetic: KernelsFor<Names> = {
  add: (emitter, xs, { inputs, outputs: [type] }) => {
    const { emit } = emitter;
    if (xs.length === 1) return [emit("Identity", xs)];
    const opType = xs.length === 2 ? "Add" : "Sum";
    const own = withAffine(emitter, xs, type);
    return [own ?? elementwise(emitter, { xs: gathered(emitter, xs, inputs), type }, (forms) => emit(opType, forms))];
  },
  multiply: ({ emit }, [a, b]) => [emit("Mul", [a, b])],
  subtract: ({ emit }, [a, b]) => [emit("Sub", [a, b])],
  scale: ({ emit, number }, [x], { attributes }) => [emit("Mul", [x, number(attributes.factor)])],
  sum: (emitter, [x], { attributes: { axes, keepDims }, inputs: [type] }) => {
    const perChannel = axes.join() === "0,2,3" && !keepDims;
    const same = (perChannel && emitter.sameSums.get(x)) || x;
    const blocked = perChannel ? emitter.blocked.get(same) : undefined;
    if (blocked) return [blockedChannelSums(emitter, blocked, type.shape)];
    return [emitter.emit("ReduceSum", [same, emitter.int64s(axes)], { keepdims: keepDims ? 1 : 0 })];
  },
  mean: ({ emit, int64s }, [x], { attributes: { axes, keepDims } }) => [
    emit("ReduceMean", [x, int64s(axes)], { keepdims: keepDims ? 1 : 0 }),
  ],
  broadcastTo: ({ emit, int64s }, [x], { attributes }) => [emit("Expand", [x, int64s(attributes.shape)])],
  channelAffine: (emitter, [x, scale, shift], { inputs: [type] }) => {
    const spread = (vector: string): string => perChannel(emitter, vector, type.shape.length);
    return [emitter.emit("Add", [emitter.emit("Mul", [x, spread(scale)]), spread(shift)])];
  },
  reshape: ({ emit, int64s, target }, [x], { inputs: [from], outputs: [y] }) => [
    emit("Reshape", [x, int64s(target.freeBatch ? keepingBatch(from.shape, y.shape) : y.shape)]),
  ],
  transpose: ({ emit }, [x], { attributes }) => [emit("Transpose", [x], { perm: attributes.permutation })],
  // whole blocks of channels lie as the channels of a plain image do
  concat: (emitter, xs, { attributes, inputs, outputs: [type] }) => {
    const { axis } = attributes;
    const join = (forms: readonly string[]): string => emitter.emit("Concat", forms, { axis });
    return [axis === 1 ? elementwise(emitter, { xs: gathered(emitter, xs, inputs), type }, join) : join(xs)];
  },
  slice: (emitter, [x], { attributes: { axis, start, end }, outputs: [type] }) => {
    const { emit, int64s } = emitter;
    const cut = ([form = ""]: readonly string[]): string =>
      emit("Slice", [form, int64s([start]), int64s([end]), int64s([axis])]);
    const whole = axis === 1 && canBlock(emitter, start) && canBlock(emitter, end);
    return [whole ? elementwise(emitter, { xs: [x], type }, cut) : cut([x])];
  },
  pad: ({ emit, int64s, number }, [x], { attributes: { axis, before, after } }) => [
    emit("Pad", [x, int64s([before, after]), number(0), int64s([axis])], { mode: "constant" }),
  ],
};
