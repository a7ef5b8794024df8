import type { HostTensor } from "../../graph/define-op.ts";
import { type Shape, sizeOf } from "../../graph/value.ts";
import { zeros } from "./elements.ts";

/** Calls `visit` with the indices along each axis of every element of `shape`, in row-major order. */
function forEachIndex(shape: Shape, visit: (indices: readonly number[], flat: number) => void): void {
  const indices = shape.map(() => 0);
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    visit(indices, flat);
    for (let axis = shape.length - 1; 0 <= axis; axis--) {
      indices[axis]! += 1;
      if (indices[axis]! < shape[axis]!) break;
      indices[axis] = 0;
    }
  }
}

/** How far apart neighbours along each axis are in row-major order. */
const stridesOf = (shape: Shape): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** transpose in plain loops. */
export function permute(x: HostTensor, permutation: readonly number[], shape: Shape): HostTensor {
  const strides = stridesOf(x.shape);
  return gather(x, shape, (indices) =>
    indices.reduce((offset, index, axis) => offset + index * strides[permutation[axis]!]!, 0),
  );
}

/** The part of x that begins at `start` along `axis` and has `shape`. */
export function copyRange(
  x: HostTensor,
  { axis, start, shape }: { axis: number; start: number; shape: Shape },
): HostTensor {
  const strides = stridesOf(x.shape);
  return gather(x, shape, (indices) =>
    indices.reduce((offset, index, i) => offset + (index + (i === axis ? start : 0)) * strides[i]!, 0),
  );
}

/** Zeros of `shape` with each of xs copied to where it starts along `axis`. */
export function copyInto(
  xs: readonly HostTensor[],
  { axis, starts, shape }: { axis: number; starts: readonly number[]; shape: Shape },
): HostTensor {
  const y = zeros(shape);
  const strides = stridesOf(shape);
  xs.forEach((x, which) => {
    forEachIndex(x.shape, (indices, flat) => {
      const at = indices.reduce(
        (offset, index, i) => offset + (index + (i === axis ? starts[which]! : 0)) * strides[i]!,
        0,
      );
      y.data[at] = x.data[flat]!;
    });
  });
  return y;
}

/** The tensor of `shape` whose element at `indices` is x's element at the flat index that `offset` gives. */
function gather(x: HostTensor, shape: Shape, offset: (indices: readonly number[]) => number): HostTensor {
  const y = zeros(shape);
  forEachIndex(shape, (indices, flat) => {
    y.data[flat] = x.data[offset(indices)]!;
  });
  return y;
}

/** x repeated to `shape` by numpy's broadcasting rules. */
export function broadcast(x: HostTensor, shape: Shape): HostTensor {
  const missing = shape.length - x.shape.length;
  const strides = stridesOf(x.shape).map((stride, axis) => (x.shape[axis] === 1 ? 0 : stride));
  return gather(x, shape, (indices) =>
    strides.reduce((offset, stride, axis) => offset + indices[axis + missing]! * stride, 0),
  );
}

/** The sum of all elements of x that broadcasting would spread from one element of `shape`, which has x's rank. */
export function sumInto(x: HostTensor, shape: Shape): HostTensor {
  const y = zeros(shape);
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  forEachIndex(x.shape, (indices, flat) => {
    y.data[strides.reduce((offset, stride, axis) => offset + indices[axis]! * stride, 0)]! += x.data[flat]!;
  });
  return y;
}
