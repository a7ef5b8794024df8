/** Weights as convolutions in the blocked layout read them: [O/B, I/B, KH·KW, B of I, B of O]. */
import { emitBlocked } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";
import { takeRows } from "../rows.ts";

/** Output channels, input channels, height and width of a kernel. */
export type KernelSize = readonly [o: number, i: number, kh: number, kw: number];

/**
 * [count, B, width] → [count, width, B]. ONNX Runtime puts an image into blocks several times as fast as its Transpose goes over
 * short rows.
 */
function exchange(emitter: Emitter, x: string, count: number, width: number): string {
  const { emit, int64s, target } = emitter;
  const images = emit("Reshape", [x, int64s([count, target.block, 1, width])]);
  return emitBlocked(emitter, "ReorderInput", { inputs: [images], attributes: { channels_last: 0 } });
}

/** A kernel [O, I, KH, KW]; few input channels are not blocked. */
export function blockedKernel(emitter: Emitter, weight: string, [o, i, kh, kw]: KernelSize): string {
  const { emit, int64s, target } = emitter;
  const { block } = target;
  const shape = int64s([o, i, kh, kw]);
  const size = kh * kw;
  if (i < block) {
    const parts = emit("Reshape", [weight, int64s([o / block, block, i, kh, kw])]);
    return emit("Reshape", [emit("Transpose", [parts], { perm: [0, 2, 3, 4, 1] }), shape]);
  }
  const [blocksOut, blocksIn] = [o / block, i / block];
  const byBlocks = takeRows(emitter, weight, {
    axes: [
      { size: blocksOut, stride: i },
      { size: blocksIn, stride: 1 },
      { size: block, stride: blocksIn },
    ],
    width: block * size,
  });
  const rows = exchange(emitter, byBlocks, blocksOut * blocksIn, block * size);
  if (size === 1) return emit("Reshape", [rows, shape]);
  const axes = [
    { size: blocksOut * blocksIn, stride: block * size },
    { size, stride: 1 },
    { size: block, stride: size },
  ];
  return emit("Reshape", [takeRows(emitter, rows, { axes, width: block }), shape]);
}

/** Some of the places of a kernel: every `step`th from the first one on, along its height and its width. */
export interface Taps {
  readonly first: readonly [number, number];
  readonly step: readonly [number, number];
  readonly count: readonly [number, number];
}

/**
 * A kernel [I, O, KH, KW], or some of its places, with each of its images turned by 180° and its channels exchanged, as the kernel
 * [O, I, KH, KW] of these places.
 */
export function turnedBlockedKernel(
  emitter: Emitter,
  weight: string,
  [o, i, kh, kw]: KernelSize,
  { first, step, count }: Taps = { first: [0, 0], step: [1, 1], count: [kh, kw] },
): string {
  const { emit, int64s, target } = emitter;
  const { block } = target;
  const size = kh * kw;
  const blocksOut = o / block;
  const rows = size === 1 ? weight : exchange(emitter, weight, i * blocksOut, size);
  const last = (axis: 0 | 1): number => first[axis] + step[axis] * (count[axis] - 1);
  const axes = [
    { size: blocksOut, stride: size },
    { size: i / block, stride: block * blocksOut * size },
    { size: count[0], stride: -step[0] * kw },
    { size: count[1], stride: -step[1] },
    { size: block, stride: blocksOut * size },
  ];
  const turned = takeRows(emitter, rows, { axes, offset: last(0) * kw + last(1), width: block });
  return emit("Reshape", [turned, int64s([o, i, ...count])]);
}
