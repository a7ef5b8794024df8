/** Weight gradients of ungrouped convolutions as matrix products. */
import type { TensorType } from "../../graph/value.ts";
import type { ConvolutionAttributes } from "../../ops/convolution.ts";
import type { Emitter } from "../emitter.ts";

/** A weight gradient of an ungrouped convolution. */
export interface WeightGradient {
  readonly x: string;
  readonly dy: string;
  readonly attributes: ConvolutionAttributes & { readonly kernel: readonly [number, number] };
  /** Of x [N, C, H, W] and dy [N, O, H', W']. */
  readonly types: readonly TensorType[];
}

/** The sizes of x and dy. */
export const sizesOf = ({ types }: WeightGradient) => {
  const [n = 0, c = 0, h = 0, w = 0] = types[0]?.shape ?? [];
  const [, o = 0, dyH = 0, dyW = 0] = types[1]?.shape ?? [];
  return { n, c, h, w, o, dyH, dyW };
};

/** `count` elements along `axis` from `first` on, `step` apart. */
function strided(
  { emit, int64s }: Emitter,
  x: string,
  { axis, first, count, step }: { axis: number; first: number; count: number; step: number },
): string {
  const end = first + (count - 1) * step + 1;
  return emit("Slice", [x, int64s([first]), int64s([end]), int64s([axis]), int64s([step])]);
}

const isPointwise = ({ kernel, padding }: WeightGradient["attributes"]): boolean =>
  kernel.every((size) => size === 1) && padding.every((pad) => pad === 0);

/** For kernels of 1×1 without padding: Σ over the images of dy [O, H'·W'] times xᵀ [H'·W', C]. */
export function pointwiseWeightGradient(emitter: Emitter, gradient: WeightGradient): string | undefined {
  const { x, dy, attributes } = gradient;
  if (!isPointwise(attributes)) return undefined;
  const { emit, emitAll, int64s } = emitter;
  const { n, c, o, dyH, dyW } = sizesOf(gradient);
  const { stride } = attributes;
  let seen = x;
  if (1 < stride[0]) seen = strided(emitter, seen, { axis: 2, first: 0, count: dyH, step: stride[0] });
  if (1 < stride[1]) seen = strided(emitter, seen, { axis: 3, first: 0, count: dyW, step: stride[1] });
  const rows = emit("Reshape", [seen, int64s([n, c, dyH * dyW])]);
  const dyRows = emit("Reshape", [dy, int64s([n, o, dyH * dyW])]);
  const [products = ""] = emitter.target.contrib
    ? emitAll("FusedMatMul", [dyRows, rows], { domain: "com.microsoft", attributes: { transB: 1 } })
    : [emit("MatMul", [dyRows, emit("Transpose", [rows], { perm: [0, 2, 1] })])];
  const total = emit("ReduceSum", [products, int64s([0])], { keepdims: 0 });
  return emit("Reshape", [total, int64s([o, c, 1, 1])]);
}

/**
 * One product per row of the kernel: dy [O, H'·N·W'] times [H'·N·W', KW·C], the image's elements under that row.
 *
 * The image is laid out as [H, N, W, C], so that the columns of a kernel row are made by one concatenation of shifted
 * images and a row of the kernel begins at another H, without a copy.
 */
export function productWeightGradient(emitter: Emitter, gradient: WeightGradient): string {
  const { x, dy, attributes } = gradient;
  const { emit, int64s, number } = emitter;
  const { n, c, o, dyH, dyW } = sizesOf(gradient);
  const { stride, padding, dilation, kernel } = attributes;
  const [kh, kw] = kernel;
  const turned = emit("Transpose", [x], { perm: [2, 0, 3, 1] });
  const pads = [padding[0], 0, padding[1], 0, padding[0], 0, padding[1], 0];
  const image = pads.some((pad) => 0 < pad) ? emit("Pad", [turned, int64s(pads), number(0)]) : turned;
  const columns = Array.from({ length: kw }, (_, i) =>
    strided(emitter, image, { axis: 2, first: i * dilation[1], count: dyW, step: stride[1] }),
  );
  const wide = kw === 1 ? (columns[0] ?? "") : emit("Concat", columns, { axis: 3 });
  const dyRows = emit("Reshape", [emit("Transpose", [dy], { perm: [1, 2, 0, 3] }), int64s([o, dyH * n * dyW])]);
  const rows = Array.from({ length: kh }, (_, i) => {
    const part = strided(emitter, wide, { axis: 0, first: i * dilation[0], count: dyH, step: stride[0] });
    return emit("MatMul", [dyRows, emit("Reshape", [part, int64s([dyH * n * dyW, kw * c])])]);
  });
  const flat = kh === 1 ? (rows[0] ?? "") : emit("Concat", rows, { axis: 1 });
  return emit("Transpose", [emit("Reshape", [flat, int64s([o, kh, kw, c])])], { perm: [0, 3, 1, 2] });
}
