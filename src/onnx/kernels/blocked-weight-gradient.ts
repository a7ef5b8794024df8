/**
 * Weight gradients as blocked convolutions in which batch and channels have changed places: of x [C, N, H, W] with a kernel
 * dy [O, N, H', W'], or of dy [O, N, H', W'] with a kernel x [C, N, H, W]. The padding is made beforehand, because outputs at the
 * edge of a padded image are slow.
 */
import type { Shape } from "../../graph/value.ts";
import { canBlock, emitBlocked, fromBlocked, padBlocked, toBlocked } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";
import { type Padding, takeRows } from "../rows.ts";
import type { Algorithm } from "./algorithms.ts";
import { sizesOf, type WeightGradient } from "./weight-gradient.ts";

type Image = readonly [n: number, c: number, h: number, w: number];
type Pair = readonly [number, number];

/** Outputs of a row are made six at a time, and those that remain one by one: four or five take as long as six. */
const columnsFor = (kw: number): number => (kw === 4 || kw === 5 ? 6 : kw);

/** Zeros around an image of `size`, `begin` before it, for `outputs` outputs of a kernel of `kernel` at the given strides. */
function paddingFor(
  { begin, size, outputs, kernel }: Readonly<Record<"begin" | "size" | "outputs" | "kernel", Pair>>,
  { strides, dilations }: Readonly<Record<"strides" | "dilations", Pair>>,
): Padding {
  const end = ([0, 1] as const).map(
    (axis) => (outputs[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - size[axis] - begin[axis],
  );
  return [...begin, ...end] as unknown as Padding;
}

const isNone = (padding: Padding): boolean => padding.every((count) => count === 0);

/** Sizes with zeros around (less where they are negative). */
const paddedSize = (h: number, w: number, [top, left, bottom, right]: Padding): Pair => [
  h + top + bottom,
  w + left + right,
];

/** What is convolved: a batch [N, C, H, W], which gives the image, and the zeros around it. */
interface Batch {
  readonly name: string;
  readonly shape: Image;
  readonly padding: Padding;
}

/** Some of a series: images of a batch, or lines of an image. */
interface Part {
  readonly first: number;
  readonly count: number;
}

const all = (count: number): Part => ({ first: 0, count });

/** The rows of a part of blocked images [N, C, H, W], by blocks of channels and then by images: [C/B · count · lines·W, B]. */
function partRows(emitter: Emitter, blocked: string, [, c, h, w]: Image, part: Part, lines = all(h)): string {
  const { block } = emitter.target;
  const [blocks, size] = [c / block, h * w];
  return takeRows(emitter, blocked, {
    axes: [
      { size: blocks, stride: size },
      { size: part.count, stride: blocks * size },
      { size: lines.count * w, stride: 1 },
    ],
    offset: part.first * blocks * size + lines.first * w,
    width: block,
  });
}

/** A part of a batch with zeros around it and N and C exchanged, as a plain image, or some lines of it. */
function exchangedImage(emitter: Emitter, batch: Batch, part: Part, some?: Part): string {
  const { name, shape, padding } = batch;
  const { emit, int64s, target } = emitter;
  const { block } = target;
  const [n, c, h, w] = shape;
  const blocked = emitter.blocked.get(name);
  const [height, width] = paddedSize(h, w, padding);
  const lines = some ?? all(height);
  if (blocked === undefined) return exchangedPlain(emitter, batch, part, lines);
  const padded = isNone(padding) ? blocked : padBlocked(emitter, blocked, shape, padding);
  const rows = partRows(emitter, padded, [n, c, height, width], part, lines);
  const inputs = [emit("Reshape", [rows, int64s([c / block, block, part.count * lines.count, width])])];
  const plain = emitBlocked(emitter, "ReorderOutput", { inputs, attributes: { channels: block, channels_last: 0 } });
  return emit("Reshape", [plain, int64s([c, part.count, lines.count, width])]);
}

/** The same of a batch that is not in blocks. */
function exchangedPlain(
  emitter: Emitter,
  { name, shape, padding }: Batch,
  { first, count }: Part,
  lines: Part,
): string {
  const { emit, int64s, number } = emitter;
  const [n, c, h, w] = shape;
  const images = count === n ? name : emit("Slice", [name, int64s([first]), int64s([first + count]), int64s([0])]);
  const exchanged =
    c === 1 ? emit("Reshape", [images, int64s([c, count, h, w])]) : emit("Transpose", [images], { perm: [1, 0, 2, 3] });
  const [top, left, bottom, right] = padding;
  const pads = [0, 0, top, left, 0, 0, bottom, right];
  const padded = isNone(padding) ? exchanged : emit("Pad", [exchanged, int64s(pads), number(0)]);
  if (lines.count === h + top + bottom) return padded;
  return emit("Slice", [padded, int64s([lines.first]), int64s([lines.first + lines.count]), int64s([2])]);
}

/** Lines of an image [N, C, H, W] as a kernel [C, N, lines, W] for images in blocks of N. */
function blockedBatchKernel(emitter: Emitter, x: string, [n, c, h, w]: Image, lines: Part): string {
  const { block } = emitter.target;
  const size = h * w;
  const rows = takeRows(emitter, toBlocked(emitter, x), {
    axes: [
      { size: c / block, stride: size },
      { size: n / block, stride: c * size },
      { size: lines.count * w, stride: 1 },
      { size: block, stride: (c / block) * size },
    ],
    offset: lines.first * w,
    width: block,
  });
  return emitter.emit("Reshape", [rows, emitter.int64s([c, n, lines.count, w])]);
}

/** The same of `count` images from `first` on for plain images with fewer channels than a block has. */
function plainBatchKernel(emitter: Emitter, { name, shape }: Omit<Batch, "padding">, part: Part): string {
  const [, c, h, w] = shape;
  const rows = partRows(emitter, toBlocked(emitter, name), shape, part);
  return emitter.emit("Reshape", [rows, emitter.int64s([c, part.count, h, w])]);
}

/** A convolution of padded images with a kernel of the given size. */
const correlate = (
  emitter: Emitter,
  inputs: readonly string[],
  { kernel, attributes }: { readonly kernel: Pair; readonly attributes: Correlation["attributes"] },
): string =>
  emitBlocked(emitter, "Conv", {
    inputs,
    attributes: { kernel_shape: kernel, ...attributes, pads: [0, 0, 0, 0], group: 1 },
  });

/** A series in as few, nearly equal parts as have at most so many. */
function partsOf(n: number, most: number): readonly Part[] {
  const count = Math.ceil(n / most);
  const bounds = Array.from({ length: count + 1 }, (_, index) => Math.round((index * n) / count));
  return bounds.slice(1).map((end, index) => ({ first: bounds[index] ?? 0, count: end - (bounds[index] ?? 0) }));
}

/** Σ over parts of one convolution each, which gets as further operands no bias and the sum of those before it. */
function summed(parts: readonly Part[], one: (part: Part, before: readonly string[]) => string): string {
  let sum = "";
  for (const part of parts) sum = one(part, sum === "" ? [] : ["", sum]);
  return sum;
}

/** What is correlated with what. */
interface Correlation {
  readonly image: Batch;
  /** [N, B, H', W'], which gives the kernel. */
  readonly kernel: Omit<Batch, "padding">;
  readonly attributes: Readonly<Record<"strides" | "dilations", Pair>>;
}

/** Σ over the batch, in parts that are added up: a blocked image [A, B, …]. */
function correlateInParts(emitter: Emitter, { image, kernel, attributes }: Correlation): string {
  const [n, , kernelH, kernelW] = kernel.shape;
  return summed(partsOf(n, emitter.target.block - 1), (part, sum) => {
    const operands = [exchangedImage(emitter, image, part), plainBatchKernel(emitter, kernel, part)];
    return correlate(emitter, [...operands, ...sum], { kernel: [kernelH, kernelW], attributes });
  });
}

/** The gradient [O, C, KH, KW] of the blocked image [C, O, KH, columns] that a convolution of x gave. */
function gradientOf(emitter: Emitter, blocked: string, shape: Shape, kw: number): string {
  const { emit, int64s } = emitter;
  const plain = fromBlocked(emitter, blocked, { shape, dtype: "float32" });
  const cut = shape[3] === kw ? plain : emit("Slice", [plain, int64s([0]), int64s([kw]), int64s([3])]);
  return emit("Transpose", [cut], { perm: [1, 0, 2, 3] });
}

/** The image x, padded for a kernel dy, with the attributes of their convolution. */
function forwards(gradient: WeightGradient) {
  const { stride, padding, dilation, kernel } = gradient.attributes;
  const { h, w, dyH, dyW } = sizesOf(gradient);
  const outputs: Pair = [kernel[0], columnsFor(kernel[1])];
  const attributes = { strides: dilation, dilations: stride };
  const zeros = paddingFor({ begin: padding, size: [h, w], outputs, kernel: [dyH, dyW] }, attributes);
  return { outputs, attributes, zeros };
}

/** The images of the batch as channels in blocks, some lines of dy at a time; undefined where they or the outputs do not fit into blocks. */
function batchGradientInParts(emitter: Emitter, gradient: WeightGradient, parts: readonly Part[]): string | undefined {
  const { n, c, h, w, o, dyH, dyW } = sizesOf(gradient);
  if (!canBlock(emitter, o) || !canBlock(emitter, n)) return undefined;
  const { stride, dilation, kernel } = gradient.attributes;
  const { outputs, attributes, zeros } = forwards(gradient);
  const batch = { name: gradient.x, shape: [n, c, h, w], padding: zeros } as const;
  const sum = summed(parts, (lines, before) => {
    const under = (kernel[0] - 1) * dilation[0] + (lines.count - 1) * stride[0] + 1;
    const seen = { first: lines.first * stride[0], count: under };
    const image = toBlocked(emitter, exchangedImage(emitter, batch, all(n), seen));
    const filter = blockedBatchKernel(emitter, gradient.dy, [n, o, dyH, dyW], lines);
    return correlate(emitter, [image, filter, ...before], { kernel: [lines.count, dyW], attributes });
  });
  return gradientOf(emitter, sum, [c, o, ...outputs], kernel[1]);
}

/** With all lines at once. */
export const blockedBatchGradient: Algorithm<WeightGradient> = (emitter, gradient) =>
  batchGradientInParts(emitter, gradient, [all(sizesOf(gradient).dyH)]);

/** Bytes of a kernel that stay in a core's second cache while every image goes over them. */
const CACHED = 512 * 1024;
/** More parts cost more in copies than they save. */
const MOST_PARTS = 16;
/** Kernels that ONNX Runtime's convolution goes through together. */
const TOGETHER = 4;

/**
 * With as many lines of dy at a time as stay in the cache, since each row of each image's outputs reads them all; undefined where all do.
 */
export function cachedBatchGradient(emitter: Emitter, gradient: WeightGradient): string | undefined {
  const { n, o, dyH, dyW } = sizesOf(gradient);
  const lineBytes = Math.min(o, TOGETHER * emitter.target.block) * n * dyW * Float32Array.BYTES_PER_ELEMENT;
  const parts = partsOf(dyH, Math.max(1, Math.floor(CACHED / lineBytes)));
  if (parts.length === 1 || MOST_PARTS < parts.length) return undefined;
  return batchGradientInParts(emitter, gradient, parts);
}

/** The images as plain channels, fewer at a time than a block has; undefined where the outputs do not fit into blocks. */
export function plainBatchGradient(emitter: Emitter, gradient: WeightGradient): string | undefined {
  const { n, c, h, w, o, dyH, dyW } = sizesOf(gradient);
  if (!canBlock(emitter, o)) return undefined;
  const { outputs, attributes, zeros } = forwards(gradient);
  const blocked = correlateInParts(emitter, {
    image: { name: gradient.x, shape: [n, c, h, w], padding: zeros },
    kernel: { name: gradient.dy, shape: [n, o, dyH, dyW] },
    attributes,
  });
  return gradientOf(emitter, blocked, [c, o, ...outputs], gradient.attributes.kernel[1]);
}

/**
 * The same with dy as the image and x as the kernel, whose result is turned by 180°: for few outputs and many channels. Only for a
 * stride of 1.
 */
export function turnedBatchGradient(emitter: Emitter, gradient: WeightGradient): string | undefined {
  const { emit, int64s, target } = emitter;
  const { block } = target;
  const { stride, padding, dilation, kernel } = gradient.attributes;
  const { n, c, h, w, o, dyH, dyW } = sizesOf(gradient);
  const [kh, kw] = kernel;
  const begin: Pair = [(kh - 1) * dilation[0] - padding[0], (kw - 1) * dilation[1] - padding[1]];
  if (!canBlock(emitter, c) || stride.some((step) => step !== 1) || begin.some((pad) => pad < 0)) return undefined;
  const columns = columnsFor(kw);
  const attributes = { strides: dilation, dilations: stride };
  const blocked = correlateInParts(emitter, {
    image: {
      name: gradient.dy,
      shape: [n, o, dyH, dyW],
      padding: paddingFor({ begin, size: [dyH, dyW], outputs: [kh, columns], kernel: [h, w] }, attributes),
    },
    kernel: { name: gradient.x, shape: [n, c, h, w] },
    attributes,
  });
  const turned = takeRows(emitter, blocked, {
    axes: [
      { size: (o * c) / block, stride: kh * columns },
      { size: kh, stride: -columns },
      { size: kw, stride: -1 },
    ],
    offset: (kh - 1) * columns + kw - 1,
    width: block,
  });
  return emitBlocked(emitter, "ReorderOutput", {
    inputs: [emit("Reshape", [turned, int64s([o, c, kh, kw])])],
    attributes: { channels: c, channels_last: 0 },
  });
}
