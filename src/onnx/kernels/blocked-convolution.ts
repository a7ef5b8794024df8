/** Convolutions in the blocked layout. */

import type { TensorType } from "../../graph/value.ts";
import type { ConvolutionAttributes } from "../../ops/convolution.ts";
import { canBlock, emitBlocked, fromBlocked, toBlocked } from "../blocked.ts";
import type { Emitter, NodeAttributes } from "../emitter.ts";

/** A kernel [O, I, KH, KW] as blocked convolutions read it; few input channels are not blocked. */
function blockedKernel(
  emitter: Emitter,
  weight: string,
  [o, i, kh, kw]: readonly [number, number, number, number],
): string {
  const { emit, int64s, target } = emitter;
  const { block } = target;
  const shape = int64s([o, i, kh, kw]);
  if (i < block) {
    const parts = emit("Reshape", [weight, int64s([o / block, block, i, kh, kw])]);
    return emit("Reshape", [emit("Transpose", [parts], { perm: [0, 2, 3, 4, 1] }), shape]);
  }
  const parts = emit("Reshape", [weight, int64s([o / block, block, i / block, block, kh, kw])]);
  return emit("Reshape", [emit("Transpose", [parts], { perm: [0, 2, 4, 5, 3, 1] }), shape]);
}

/** A convolution with the attributes of its ONNX node. */
export interface Convolution {
  readonly x: string;
  /** [O, I, KH, KW] */
  readonly weight: string;
  readonly kernel: readonly [o: number, i: number, kh: number, kw: number];
  readonly bias?: string;
  readonly attributes: NodeAttributes;
  /** Of the result. */
  readonly type: TensorType;
}

/** The convolution in the blocked layout; undefined where its channels do not fit into blocks. */
export function blockedConvolution(emitter: Emitter, convolution: Convolution): string | undefined {
  const { x, weight, kernel, bias, attributes, type } = convolution;
  const [o, i] = kernel;
  const few = i < emitter.target.block;
  if (!canBlock(emitter, o) || !(few || canBlock(emitter, i))) return undefined;
  const inputs = [few ? x : toBlocked(emitter, x), blockedKernel(emitter, weight, kernel), ...(bias ? [bias] : [])];
  return fromBlocked(emitter, emitBlocked(emitter, "Conv", { inputs, attributes }), type);
}

/** A weight gradient of an ungrouped convolution. */
export interface WeightGradient {
  readonly attributes: ConvolutionAttributes & { readonly kernel: readonly [number, number] };
  /** Of x [N, C, H, W] and dy [N, O, H', W']. */
  readonly types: readonly TensorType[];
}

/** Outputs of a row are made six at a time, and those that remain one by one: four or five take as long as six. */
const columnsFor = (kw: number): number => (kw === 4 || kw === 5 ? 6 : kw);

/**
 * The weight gradient as a blocked convolution of x [C, N, H, W] with a kernel dy [O, N, H', W'], whose channels are the
 * images of the batch; undefined where they do not fit into blocks. The padding is made beforehand, because outputs at
 * the edge of a padded image are slow.
 */
export function blockedWeightGradient(
  emitter: Emitter,
  [x, dy]: readonly [string, string],
  { attributes, types }: WeightGradient,
): string | undefined {
  const { emit, int64s, number, target } = emitter;
  const { block } = target;
  const { stride, padding, dilation, kernel } = attributes;
  const [n = 0, c = 0, h = 0, w = 0] = types[0]?.shape ?? [];
  const [, o = 0, dyH = 0, dyW = 0] = types[1]?.shape ?? [];
  if (!canBlock(emitter, o) || !canBlock(emitter, n)) return undefined;
  const [kh, kw] = kernel;
  const columns = columnsFor(kw);
  const reach = (axis: 0 | 1, count: number, size: number): number =>
    (count - 1) * dilation[axis] + (size - 1) * stride[axis] + 1;
  const end = [reach(0, kh, dyH) - h - padding[0], reach(1, columns, dyW) - w - padding[1]];
  const pads = [0, 0, ...padding, 0, 0, ...end];
  const exchanged =
    c === 1 ? emit("Reshape", [x, int64s([c, n, h, w])]) : emit("Transpose", [x], { perm: [1, 0, 2, 3] });
  const image = pads.some((pad) => pad !== 0) ? emit("Pad", [exchanged, int64s(pads), number(0)]) : exchanged;
  const parts = emit("Reshape", [toBlocked(emitter, dy), int64s([n / block, block, o / block, dyH * dyW, block])]);
  const filter = emit("Reshape", [emit("Transpose", [parts], { perm: [2, 0, 3, 1, 4] }), int64s([o, n, dyH, dyW])]);
  const gradient = emitBlocked(emitter, "Conv", {
    inputs: [toBlocked(emitter, image), filter],
    attributes: { kernel_shape: [dyH, dyW], strides: dilation, dilations: stride, pads: [0, 0, 0, 0], group: 1 },
  });
  const plain = fromBlocked(emitter, gradient, { shape: [c, o, kh, columns], dtype: "float32" });
  const cut = columns === kw ? plain : emit("Slice", [plain, int64s([0]), int64s([kw]), int64s([3])]);
  return emit("Transpose", [cut], { perm: [1, 0, 2, 3] });
}
