/** Lines in each channel of a blocked image: a convolution of each channel with one weight is one pass over memory, on all cores. */
import type { TensorType } from "../graph/value.ts";
import { emitBlocked, fromBlocked } from "./blocked.ts";
import type { ChannelAffine, Emitter } from "./emitter.ts";

/** scale·x + shift (+ sum), then perhaps relu: a blocked image. */
export function emitAffine(emitter: Emitter, affine: ChannelAffine): string {
  const { x, channels, scale, shift, sum, relu } = affine;
  const weight = emitter.emit("Reshape", [scale, emitter.int64s([channels, 1, 1, 1])]);
  const pass = { kernel_shape: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: channels };
  const y = emitBlocked(emitter, "Conv", {
    inputs: [x, weight, shift, ...(sum === undefined ? [] : [sum])],
    attributes: relu ? { ...pass, activation: "Relu" } : pass,
  });
  emitter.affines.set(y, affine);
  return y;
}

/** relu(x) or a + b along with the line that gave x, a or b; undefined if none did, or not on blocked images alone. */
export function withAffine(emitter: Emitter, xs: readonly string[], type: TensorType): string | undefined {
  const blocked = xs.map((x) => emitter.blocked.get(x));
  for (const [index, x] of blocked.entries()) {
    const affine = x === undefined ? undefined : emitter.affines.get(x);
    if (!affine || affine.relu) continue;
    if (xs.length === 1) return fromBlocked(emitter, emitAffine(emitter, { ...affine, relu: true }), type);
    const other = blocked[1 - index];
    if (other === undefined || affine.sum !== undefined || 2 < xs.length) continue;
    return fromBlocked(emitter, emitAffine(emitter, { ...affine, sum: other }), type);
  }
  return undefined;
}
