/** Convolutions in the blocked layout. */

import type { TensorType } from "../../graph/value.ts";
import type { ConvolutionAttributes } from "../../ops/convolution.ts";
import { canBlock, emitBlocked, fromBlocked, padBlocked, toBlocked } from "../blocked.ts";
import type { Emitter, NodeAttributes } from "../emitter.ts";
import { type Padding, takeRows } from "../rows.ts";
import { blockedKernel, type KernelSize, turnedBlockedKernel } from "./blocked-kernel.ts";

/** A convolution with the attributes of its ONNX node. */
export interface Convolution {
  readonly x: string;
  /** [O, I, KH, KW], or where it is turned the kernel [I, O, KH, KW] whose transposed convolution this is. */
  readonly weight: string;
  readonly turned?: boolean;
  readonly kernel: KernelSize;
  readonly bias?: string;
  readonly attributes: NodeAttributes;
  /** Height and width of x. */
  readonly xSize: readonly [number, number];
  /** Of the result. */
  readonly type: TensorType;
}

/** Six neighbouring outputs of a row are computed together; one that remains, or that sees padding, takes 0.42 of that time. */
const TOGETHER = 6;
const ALONE = 0.42;
/** Floating-point operations and copied elements per second, of one machine: only their ratio matters. */
const SPEED = { operations: 350e9, copied: 3e9 };

/** The outputs of one row in units of six neighbouring ones; `alone` of them see padding. */
const rowCost = (outputs: number, alone: number): number => {
  const inner = Math.max(0, outputs - alone);
  return Math.floor(inner / TOGETHER) + ALONE * ((inner % TOGETHER) + Math.min(alone, outputs));
};

/** Whether it is faster to write the zeros at the ends of rows into memory than to have the convolution imagine them. */
function padsRows({ kernel: [o, i, kh, kw], attributes, type, xSize }: Convolution): boolean {
  const [, left = 0, , right = 0] = attributes.pads as readonly number[];
  const [, step = 1] = attributes.strides as readonly number[];
  const [n = 1, , outH = 1, outW = 1] = type.shape;
  const alone = Math.ceil(left / step) + Math.ceil(right / step);
  const perSix = (TOGETHER * 2 * o * i * kh * kw) / SPEED.operations;
  const saved = n * outH * (rowCost(outW, alone) - rowCost(outW, 0)) * perSix;
  const copied = n * i * xSize[0] * (xSize[1] + left + right);
  return copied / SPEED.copied < saved;
}

/** The convolution in the blocked layout; undefined where its channels do not fit into blocks. */
export function blockedConvolution(emitter: Emitter, convolution: Convolution): string | undefined {
  const { x, weight, kernel, bias, attributes, type, xSize, turned = false } = convolution;
  const [o, i] = kernel;
  const few = i < emitter.target.block && !turned;
  if (!canBlock(emitter, o) || !(few || canBlock(emitter, i))) return undefined;
  const image = few ? x : toBlocked(emitter, x);
  const blockedWeight = turned ? turnedBlockedKernel : blockedKernel;
  const filter = [blockedWeight(emitter, weight, kernel), ...(bias ? [bias] : [])];
  const conv = (input: string, pads: NodeAttributes["pads"]): string =>
    fromBlocked(
      emitter,
      emitBlocked(emitter, "Conv", { inputs: [input, ...filter], attributes: { ...attributes, pads } }),
      type,
    );
  if (few || !padsRows(convolution)) return conv(image, attributes.pads);
  const [top = 0, left = 0, bottom = 0, right = 0] = attributes.pads as readonly number[];
  const shape = [type.shape[0] ?? 1, i, ...xSize];
  return conv(padBlocked(emitter, image, shape, [0, left, 0, right]), [top, 0, bottom, 0]);
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
  const { emit, int64s, target } = emitter;
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
  const image = exchangedImage(emitter, x, { n, c, h, w }, [...padding, ...end] as unknown as Padding);
  const size = dyH * dyW;
  const rows = takeRows(emitter, toBlocked(emitter, dy), {
    axes: [
      { size: o / block, stride: size },
      { size: n / block, stride: o * size },
      { size, stride: 1 },
      { size: block, stride: (o / block) * size },
    ],
    width: block,
  });
  const filter = emit("Reshape", [rows, int64s([o, n, dyH, dyW])]);
  const gradient = emitBlocked(emitter, "Conv", {
    inputs: [image, filter],
    attributes: { kernel_shape: [dyH, dyW], strides: dilation, dilations: stride, pads: [0, 0, 0, 0], group: 1 },
  });
  const plain = fromBlocked(emitter, gradient, { shape: [c, o, kh, columns], dtype: "float32" });
  const cut = columns === kw ? plain : emit("Slice", [plain, int64s([0]), int64s([kw]), int64s([3])]);
  return emit("Transpose", [cut], { perm: [1, 0, 2, 3] });
}

const isNone = (padding: Padding): boolean => padding.every((count) => count === 0);

/** x [N, C, H, W] with zeros around it (less of it where they are negative) and N and C exchanged, in the blocked layout. */
function exchangedImage(
  emitter: Emitter,
  x: string,
  { n, c, h, w }: { n: number; c: number; h: number; w: number },
  padding: Padding,
): string {
  const { emit, int64s, number } = emitter;
  const [top, left, bottom, right] = padding;
  const blocked = emitter.blocked.get(x);
  if (blocked) {
    const padded = padBlocked(emitter, blocked, [n, c, h, w], padding);
    const plain = emitBlocked(emitter, "ReorderOutput", {
      inputs: [padded],
      attributes: { channels: c, channels_last: 0 },
    });
    return toBlocked(emitter, emit("Transpose", [plain], { perm: [1, 0, 2, 3] }));
  }
  const exchanged =
    c === 1 ? emit("Reshape", [x, int64s([c, n, h, w])]) : emit("Transpose", [x], { perm: [1, 0, 2, 3] });
  const pads = [0, 0, top, left, 0, 0, bottom, right];
  return toBlocked(emitter, isNone(padding) ? exchanged : emit("Pad", [exchanged, int64s(pads), number(0)]));
}
