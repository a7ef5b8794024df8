import type { HostTensor } from "../../graph/define-op.ts";
import type { Shape } from "../../graph/value.ts";
import type { ConvolutionAttributes } from "../convolution.ts";
import { zeros } from "./elements.ts";

/** Flat indices of the element of x, weight and y that meet in one multiplication. */
type Visit = (x: number, weight: number, y: number) => void;

interface Shapes {
  readonly x: Shape;
  readonly weight: Shape;
  readonly y: Shape;
}

/** Calls `visit` for each multiplication of a convolution; value and both gradients are this one walk. */
function walk({ x, weight, y }: Shapes, attributes: ConvolutionAttributes, visit: Visit): void {
  const [, c, h, w] = x as [number, number, number, number];
  const [, perGroup, kh, kw] = weight as [number, number, number, number];
  const [n, o, outH, outW] = y as [number, number, number, number];
  const { stride, padding, dilation, groups } = attributes;
  for (let image = 0; image < n; image++) {
    for (let output = 0; output < o; output++) {
      const firstChannel = Math.floor(output / (o / groups)) * perGroup;
      for (let tap = 0; tap < perGroup * kh * kw; tap++) {
        const channel = Math.floor(tap / (kh * kw));
        const rowOffset = (Math.floor(tap / kw) % kh) * dilation[0] - padding[0];
        const columnOffset = (tap % kw) * dilation[1] - padding[1];
        const plane = (image * c + firstChannel + channel) * h;
        for (let position = 0; position < outH * outW; position++) {
          const row = Math.floor(position / outW) * stride[0] + rowOffset;
          const column = (position % outW) * stride[1] + columnOffset;
          if (row < 0 || h <= row || column < 0 || w <= column) continue;
          visit(
            (plane + row) * w + column,
            output * perGroup * kh * kw + tap,
            (image * o + output) * outH * outW + position,
          );
        }
      }
    }
  }
}

/** What the three walks need besides their two tensors: the attributes and the shape of the result. */
interface Options {
  readonly attributes: ConvolutionAttributes;
  readonly shape: Shape;
}

/** conv2d in plain loops. */
export function convolve(
  x: HostTensor,
  weight: HostTensor,
  { bias, attributes, shape }: Options & { bias?: HostTensor | undefined },
): HostTensor {
  const y = zeros(shape);
  const [, o, outH, outW] = shape as [number, number, number, number];
  if (bias)
    y.data.forEach((_, index) => {
      y.data[index] = bias.data[Math.floor(index / (outH * outW)) % o]!;
    });
  walk({ x: x.shape, weight: weight.shape, y: shape }, attributes, (atX, atWeight, atY) => {
    y.data[atY]! += x.data[atX]! * weight.data[atWeight]!;
  });
  return y;
}

/** conv2dInputGradient in plain loops. */
export function convolveInputGradient(dy: HostTensor, weight: HostTensor, { attributes, shape }: Options): HostTensor {
  const dx = zeros(shape);
  walk({ x: shape, weight: weight.shape, y: dy.shape }, attributes, (atX, atWeight, atY) => {
    dx.data[atX]! += dy.data[atY]! * weight.data[atWeight]!;
  });
  return dx;
}

/** conv2dWeightGradient in plain loops. */
export function convolveWeightGradient(x: HostTensor, dy: HostTensor, { attributes, shape }: Options): HostTensor {
  const dweight = zeros(shape);
  walk({ x: x.shape, weight: shape, y: dy.shape }, attributes, (atX, atWeight, atY) => {
    dweight.data[atWeight]! += dy.data[atY]! * x.data[atX]!;
  });
  return dweight;
}
