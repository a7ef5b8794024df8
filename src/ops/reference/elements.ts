import type { HostTensor } from "../../graph/define-op.ts";
import { type Shape, sizeOf } from "../../graph/value.ts";

/** A float tensor of zeros. */
export const zeros = (shape: Shape): HostTensor & { readonly data: Float64Array } => ({
  shape,
  data: new Float64Array(sizeOf(shape)),
});

/** `f` of each element; shape kept. */
export function mapElements(x: HostTensor, f: (value: number) => number): HostTensor {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]!);
  return y;
}

/** `f` of the elements of two tensors of one shape. */
export function zipElements(a: HostTensor, b: HostTensor, f: (a: number, b: number) => number): HostTensor {
  const y = zeros(a.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(a.data[i]!, b.data[i]!);
  return y;
}

/** The one number of a scalar. */
export const scalarOf = (x: HostTensor): number => x.data[0]!;
