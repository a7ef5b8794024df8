import { type Node, type Shape, sizeOf, type Value } from "../../../graph/value.ts";
import type { Pair } from "../../../ops/checks.ts";
import {
  type AveragePoolAttributes,
  type MaxPoolAttributes,
  maxPoolGradient as maxPoolGradientOp,
  maxPool as maxPoolOp,
} from "../../../ops/index.ts";
import type { Builder, MaxPoolForward } from "../builder.ts";
import { ALGORITHM, ELEMENT_BYTES, PROPAGATION } from "../codes.ts";
import type { Description } from "../dnnl.ts";
import type { Layout } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { byReference, type Kernel, the } from "./kernel.ts";

const PAIR = [0, 1] as const;

/** Windows over an image, as the descriptors of pools end: strides, kernel, distances less 1, paddings before and after. */
function windows(
  { kernel, stride, padding, dilation }: Omit<MaxPoolAttributes, "ceilMode">,
  image: Shape,
  pooled: Shape,
): (readonly number[])[] {
  const after = PAIR.map((axis) => {
    const span = dilation[axis] * (kernel[axis] - 1) + 1;
    return ((pooled[axis + 2] ?? 1) - 1) * stride[axis] + span - (image[axis + 2] ?? 1) - padding[axis];
  });
  return [stride, kernel, dilation.map((step) => step - 1), padding, after.map((size) => Math.max(size, 0))];
}

function describeForward(
  build: Builder,
  {
    algorithm,
    image,
    shapes,
    walk,
  }: { algorithm: number; image: Layout; shapes: readonly [Shape, Shape]; walk: (readonly number[])[] },
): Description | undefined {
  const to = build.dnnl.any(shapes[1], image.element);
  return build.dnnl.describe("poolingForward", [PROPAGATION.training, algorithm, image, to, ...walk]);
}

const maxAttributes = ({ attributes }: Node): MaxPoolAttributes => attributes as unknown as MaxPoolAttributes;

/**
 * maxPool. oneDNN takes the first of equal elements, and its workspace says which one. It passes over NaN where PyTorch lets
 * NaN win; so where the image has any, the reference does it again.
 */
export const maxPool: Kernel = (node, build) => {
  const { dnnl } = build;
  const [x, y, workspace] = [the(node.inputs, 0), the(node.outputs, 0), the(node.outputs, 1)];
  const src = build.read(x);
  const walk = windows(maxAttributes(node), x.shape, y.shape);
  const shapes = [x.shape, y.shape] as const;
  const description = describeForward(build, { algorithm: ALGORITHM.poolMaximum, image: src.layout, shapes, walk });
  const hasNan = description && addNanCheck(build, src, x.shape);
  if (!description || !hasNan) return byReference(node, build);
  const forward: MaxPoolForward = { description, chosen: undefined };
  build.forwards.set(workspace, forward);
  const dst = build.write(y, dnnl.layoutOf(description, "dst"));
  const writes = { dst, workspace: build.write(workspace, dnnl.layoutOf(description, "workspace")) };
  build.primitive(description, { reads: { src }, writes });
  build.step([src, dst], () => {
    forward.chosen = undefined;
    if (!hasNan()) return;
    const data = Float64Array.from(dnnl.toPlain(src, x.shape));
    const [largest, chosen] = maxPoolOp.reference([{ shape: x.shape, data }], maxAttributes(node), [y, workspace]);
    dnnl.fromPlain(Float32Array.from(largest.data), dst, y.shape);
    forward.chosen = chosen;
  });
};

/** Adds a product with zeros, which is NaN where a number is NaN or infinite; undefined if oneDNN has no such product. */
function addNanCheck(build: Builder, src: Tensor, shape: Shape): (() => boolean) | undefined {
  const { dnnl } = build;
  const { element } = src.layout;
  const size = src.layout.bytes / ELEMENT_BYTES[element];
  const pixels = sizeOf(shape.slice(2));
  const rows = Number.isInteger(size / pixels) ? size / pixels : 1;
  const layouts = {
    src: dnnl.plain([rows, size / rows], element),
    weights: dnnl.plain([size / rows, 1], element),
    dst: dnnl.plain([rows, 1]),
  };
  const description = dnnl.describe("matmul", [layouts.src, layouts.weights, undefined, layouts.dst]);
  if (!description) return undefined;
  const dst = build.scratch(layouts.dst);
  const reads = { src: build.alias(src, layouts.src), weights: build.zeros(layouts.weights) };
  build.primitive(description, { reads, writes: { dst } }, "NaN check");
  let found = false;
  build.step([dst], () => {
    found = dst.storage.floats.some(Number.isNaN);
  });
  return () => found;
}

/** maxPoolGradient by the workspace of its forward pass. */
export const maxPoolGradient: Kernel = (node, build) => {
  const { dnnl } = build;
  const [x, y, workspace, dy] = [0, 1, 2, 3].map((index) => the(node.inputs, index)) as [Value, Value, Value, Value];
  const forward = build.forwards.get(workspace);
  if (!forward) return byReference(node, build);
  const dx = the(node.outputs, 0);
  const [image, pooled] = [dnnl.layoutOf(forward.description, "src"), dnnl.layoutOf(forward.description, "dst")];
  const args = [ALGORITHM.poolMaximum, image, pooled, ...windows(maxAttributes(node), x.shape, y.shape)];
  const description = dnnl.describe("poolingBackward", args, { forward: forward.description });
  if (!description) throw new Error("oneDNN has a max pool but not its gradient");
  const [gradDst, gradSrc] = [build.readAs(dy, pooled), build.write(dx, image)];
  build.primitive(description, { reads: { gradDst, workspace: build.read(workspace) }, writes: { gradSrc } });
  build.step([gradDst, gradSrc], () => {
    if (!forward.chosen) return;
    const data = Float64Array.from(dnnl.toPlain(gradDst, dy.shape));
    const unread = { shape: x.shape, data: new Float64Array() };
    const operands = [unread, unread, forward.chosen, { shape: dy.shape, data }] as const;
    const [result] = maxPoolGradientOp.reference(operands, maxAttributes(node), [dx]);
    dnnl.fromPlain(Float32Array.from(result.data), gradSrc, dx.shape);
  });
};

/** Windows of equal size that divide by the same number everywhere, as oneDNN has them. */
interface Average {
  readonly algorithm: number;
  readonly walk: (readonly number[])[];
}

/** Average windows of `averagePool`; undefined if their last ones reach over a padding that counts, which PyTorch cuts there. */
function averages({ attributes }: Node, image: Shape, pooled: Shape): Average | undefined {
  const { countIncludePad, ...given } = attributes as unknown as AveragePoolAttributes;
  const walk = windows({ ...given, dilation: [1, 1] }, image, pooled);
  const after = walk[4] ?? [];
  const reachesOver = PAIR.some((axis) => given.padding[axis] < (after[axis] ?? 0));
  if (countIncludePad && reachesOver) return undefined;
  return { algorithm: countIncludePad ? ALGORITHM.poolAverageAll : ALGORITHM.poolAverage, walk };
}

/** Average windows of `adaptiveAveragePool`; undefined if its bins have different sizes. */
function bins(image: Shape, pooled: Shape): Average | undefined {
  const kernel = PAIR.map((axis) => (image[axis + 2] ?? 1) / (pooled[axis + 2] ?? 1)) as unknown as Pair;
  if (!kernel.every(Number.isInteger)) return undefined;
  const walk = windows({ kernel, stride: kernel, padding: [0, 0], dilation: [1, 1] }, image, pooled);
  return { algorithm: ALGORITHM.poolAverage, walk };
}

const averageForward =
  (windowsOf: (node: Node, image: Shape, pooled: Shape) => Average | undefined): Kernel =>
  (node, build) => {
    const [x, y] = [the(node.inputs, 0), the(node.outputs, 0)];
    const average = windowsOf(node, x.shape, y.shape);
    const src = build.read(x);
    const shapes = [x.shape, y.shape] as const;
    const description = average && describeForward(build, { ...average, image: src.layout, shapes });
    if (!description) return byReference(node, build);
    const dst = build.write(y, build.dnnl.layoutOf(description, "dst"));
    build.primitive(description, { reads: { src }, writes: { dst } });
  };

const averageBackward =
  (windowsOf: (node: Node, image: Shape, pooled: Shape) => Average | undefined): Kernel =>
  (node, build) => {
    const { dnnl } = build;
    const [dy, dx] = [the(node.inputs, 0), the(node.outputs, 0)];
    const average = windowsOf(node, dx.shape, dy.shape);
    if (!average) return byReference(node, build);
    const { algorithm, walk } = average;
    const gradDst = build.read(dy);
    const image = dnnl.any(dx.shape, gradDst.layout.element);
    const forward = dnnl.describe("poolingForward", [
      PROPAGATION.training,
      algorithm,
      dnnl.plain(dx.shape, gradDst.layout.element),
      dnnl.plain(dy.shape, gradDst.layout.element),
      ...walk,
    ]);
    const description =
      forward && dnnl.describe("poolingBackward", [algorithm, image, gradDst.layout, ...walk], { forward });
    if (!description) return byReference(node, build);
    const gradSrc = build.write(dx, dnnl.layoutOf(description, "gradSrc"));
    build.primitive(description, { reads: { gradDst }, writes: { gradSrc } });
  };

/** averagePool */
export const averagePool = averageForward(averages);
/** averagePoolGradient */
export const averagePoolGradient = averageBackward(averages);
/** adaptiveAveragePool where all bins have one size, as windows of an average pool. */
export const adaptiveAveragePool = averageForward((_, image, pooled) => bins(image, pooled));
/** adaptiveAveragePoolGradient */
export const adaptiveAveragePoolGradient = averageBackward((_, image, pooled) => bins(image, pooled));
