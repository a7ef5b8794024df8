import { type Node, type Shape, sameShape, type Value } from "../../../graph/value.ts";
import { type Builder, isDense } from "../builder.ts";
import { ALGORITHM, type Element, PROPAGATION } from "../codes.ts";
import type { Layout } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { byReference, type Kernel, the } from "./kernel.ts";

/** relu */
export const relu: Kernel = (node, build) => {
  const src = build.read(the(node.inputs, 0));
  const args = [PROPAGATION.training, ALGORITHM.relu, src.layout, 0, 0];
  const description = build.dnnl.describe("eltwiseForward", args);
  if (!description) return byReference(node, build);
  build.primitive(description, { reads: { src }, writes: { dst: build.write(the(node.outputs, 0), src.layout) } });
};

/** reluGradient by the result of relu. */
export const reluGradient: Kernel = (node, build) => {
  const { dnnl } = build;
  const [y, dy, dx] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const dst = build.read(y);
  const forward = dnnl.describe("eltwiseForward", [PROPAGATION.training, ALGORITHM.reluByResult, dst.layout, 0, 0]);
  const args = [ALGORITHM.reluByResult, dst.layout, dst.layout, 0, 0];
  const description = forward && dnnl.describe("eltwiseBackward", args, { forward });
  if (!description) return byReference(node, build);
  const reads = { dst, gradDst: build.readAs(dy, dst.layout) };
  build.primitive(description, { reads, writes: { gradSrc: build.write(dx, dst.layout) } });
};

/** A kernel for a node whose relu is to be done along, as a step of its own. */
export function withRelu(kernel: Kernel, node: Node, build: Builder): void {
  kernel(node, build);
  const after = build.fusions.relus.get(node);
  if (after) relu(after, build);
}

/**
 * The layout in which all elements one after the other make an element-wise op: the one of the first operand that oneDNN has laid
 * out, if it has no padding; else row-major. Loops in plain code read float32 only.
 */
function commonLayout(build: Builder, values: readonly Value[], shape: Shape, elements?: Element): Layout {
  const layouts = values.map((value) => build.read(value).layout);
  const found = layouts.find(
    (layout) =>
      layout.plain === undefined && isDense(layout, shape) && (elements === undefined || layout.element === elements),
  );
  return found ?? build.dnnl.plain(shape);
}

/** A loop over the elements of operands of one shape, in any common layout; operands of other shapes go by reference. */
export const elementwise =
  (loop: (node: Node) => (y: Float32Array, ...xs: Float32Array[]) => void): Kernel =>
  (node, build) => {
    const y = the(node.outputs, 0);
    const values = node.inputs.map((_, index) => the(node.inputs, index));
    if (!values.every(({ shape }) => sameShape(shape, y.shape))) return byReference(node, build);
    const layout = commonLayout(build, values, y.shape, "float32");
    const operands = values.map((value) => build.readAs(value, layout));
    const result = build.write(y, layout);
    const run = loop(node);
    build.step([...operands, result], () => run(result.storage.floats, ...operands.map(floatsOf)));
  };

const floatsOf = ({ storage }: Tensor): Float32Array => storage.floats;

/** multiply of operands of one shape. */
export const multiply = elementwise(() => (y, a = y, b = y) => {
  for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) * (b[i] as number);
});

/** subtract of operands of one shape. */
export const subtract = elementwise(() => (y, a = y, b = y) => {
  for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) - (b[i] as number);
});

/** scale */
export const scale = elementwise(({ attributes }) => {
  const factor = attributes.factor as number;
  return (y, x = y) => {
    for (let i = 0; i < y.length; i++) y[i] = factor * (x[i] as number);
  };
});

/** add for operands of one shape: two of them with the relu that may follow, or oneDNN's sum. */
export const add: Kernel = (node, build) => {
  const after = build.fusions.relus.get(node);
  const y = the((after ?? node).outputs, 0);
  const [a, b, ...others] = node.inputs;
  const pair = a && b && others.length === 0 && sameShape(a.shape, b.shape);
  if (!after || !pair) return withRelu(sum, node, build);
  const layout = commonLayout(build, [a, b], y.shape);
  const args = [ALGORITHM.add, layout, layout, layout];
  const description = build.dnnl.describe("binary", args, { attribute: "relu" });
  if (!description) return withRelu(sum, node, build);
  const reads = { src: build.readAs(a, layout), src1: build.readAs(b, layout) };
  build.primitive(description, { reads, writes: { dst: build.write(y, layout) } });
};

const sum: Kernel = (node, build) => {
  const y = the(node.outputs, 0);
  const values = node.inputs.map((_, index) => the(node.inputs, index));
  if (!values.every(({ shape }) => sameShape(shape, y.shape))) return byReference(node, build);
  const layout = commonLayout(build, values, y.shape);
  const list = values.map((value) => build.readAs(value, layout));
  const description = build.dnnl.describeSum(
    layout,
    list.map((tensor) => tensor.layout),
  );
  if (!description) return byReference(node, build);
  build.primitive(description, { reads: {}, writes: { dst: build.write(y, layout) }, list });
};
