/**
 * Variables and what an optimizer makes of them as vectors. ONNX Runtime's arithmetic with a number goes element by element where
 * the last sizes of a tensor are 1, as those of a 1×1 convolution's weight are: 1.2 ms instead of 0.1 for 1024×256×1×1.
 */
import { type Shape, sizeOf } from "../graph/value.ts";
import type { Emitter } from "./emitter.ts";

/** The tensor as a vector, which is no copy. */
export const flatten = (emitter: Emitter, x: string, shape: Shape): string =>
  shape.length === 1 ? x : (emitter.flat.get(x) ?? emitter.emit("Reshape", [x, emitter.int64s([sizeOf(shape)])]));

/** A vector in the given shape, which is no copy either unless it is the model's result. */
export function fromFlat(emitter: Emitter, vector: string, shape: Shape): string {
  if (shape.length === 1) return vector;
  const shaped = emitter.emit("Reshape", [vector, emitter.int64s(shape)]);
  emitter.flat.set(shaped, vector);
  return shaped;
}
