/** Convolutions in the blocked layout. */

import type { TensorType } from "../../graph/value.ts";
import { canBlock, emitBlocked, fromBlocked, padBlocked, toBlocked } from "../blocked.ts";
import type { Emitter, NodeAttributes } from "../emitter.ts";
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

/** Whether it seems faster to write the zeros at the ends of rows into memory than to have the convolution imagine them. */
export function padsRows({ kernel: [o, i, kh, kw], attributes, type, xSize }: Convolution): boolean {
  const [, left = 0, , right = 0] = attributes.pads as readonly number[];
  const [, step = 1] = attributes.strides as readonly number[];
  const [n = 1, , outH = 1, outW = 1] = type.shape;
  const alone = Math.ceil(left / step) + Math.ceil(right / step);
  const perSix = (TOGETHER * 2 * o * i * kh * kw) / SPEED.operations;
  const saved = n * outH * (rowCost(outW, alone) - rowCost(outW, 0)) * perSix;
  const copied = n * i * xSize[0] * (xSize[1] + left + right);
  return copied / SPEED.copied < saved;
}

/** The image and the weights of a convolution in the blocked layout; undefined where its channels do not fit into blocks. */
function blockedOperands(emitter: Emitter, { x, weight, kernel, turned = false }: Convolution) {
  const [o, i] = kernel;
  const few = i < emitter.target.block && !turned;
  if (!canBlock(emitter, o) || !(few || canBlock(emitter, i))) return undefined;
  const blockedWeight = turned ? turnedBlockedKernel : blockedKernel;
  return { few, image: few ? x : toBlocked(emitter, x), weight: blockedWeight(emitter, weight, kernel) };
}

function emitConvolution(
  emitter: Emitter,
  { inputs, pads }: { inputs: readonly [image: string, weight: string]; pads: NodeAttributes["pads"] },
  { bias, attributes, type }: Convolution,
): string {
  const operands = { inputs: bias ? [...inputs, bias] : inputs, attributes: { ...attributes, pads } };
  return fromBlocked(emitter, emitBlocked(emitter, "Conv", operands), type);
}

/** The convolution in the blocked layout; undefined where its channels do not fit into blocks. */
export function blockedConvolution(emitter: Emitter, convolution: Convolution): string | undefined {
  const operands = blockedOperands(emitter, convolution);
  if (!operands) return undefined;
  const { image, weight } = operands;
  return emitConvolution(emitter, { inputs: [image, weight], pads: convolution.attributes.pads }, convolution);
}

/** The same with the zeros at the ends of rows written into memory first; undefined also where there are none. */
export function rowPaddedConvolution(emitter: Emitter, convolution: Convolution): string | undefined {
  const { attributes, kernel, type, xSize } = convolution;
  const [top = 0, left = 0, bottom = 0, right = 0] = attributes.pads as readonly number[];
  const operands = blockedOperands(emitter, convolution);
  if (!operands || operands.few || left + right === 0) return undefined;
  const shape = [type.shape[0] ?? 1, kernel[1], ...xSize];
  const padded = padBlocked(emitter, operands.image, shape, [0, left, 0, right]);
  return emitConvolution(emitter, { inputs: [padded, operands.weight], pads: [top, 0, bottom, 0] }, convolution);
}
