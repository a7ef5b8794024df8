import type { Value } from "../../../graph/value.ts";
import type { Builder } from "../builder.ts";
import type { Layout } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { byReference, type Kernel, the } from "./kernel.ts";

/** Columns of a row-major matrix. */
const columns = ({ shape }: Value): number => shape[1] ?? 1;

/** A row-major matrix as it is, or seen as its transpose. */
function readMatrix(build: Builder, value: Value, transposed: boolean): Tensor {
  const plain = build.readPlain(value);
  if (!transposed) return plain;
  const [rows = 1, width = 1] = value.shape;
  return build.alias(plain, build.dnnl.strided([width, rows], [1, columns(value)]));
}

/** a·b + bias for row-major operands, transposed where it is said; undefined if oneDNN has no such product. */
function multiply(
  build: Builder,
  { a, b, bias, y }: { a: Tensor; b: Tensor; bias: { layout: Layout; tensor: Tensor } | undefined; y: Value },
): boolean {
  const { dnnl } = build;
  const layout = dnnl.plain(y.shape);
  const description = dnnl.describe("matmul", [a.layout, b.layout, bias?.layout, layout]);
  if (!description) return false;
  const reads = { src: a, weights: b, bias: bias?.tensor };
  build.primitive(description, { reads, writes: { dst: build.write(y, layout) } });
  return true;
}

/** linear as a product with the transposed weight. */
export const linear: Kernel = (node, build) => {
  const [x, weight, y] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const bias = node.inputs[2];
  const row = bias && build.readPlain(bias, [1, ...bias.shape]);
  const done = multiply(build, {
    a: readMatrix(build, x, false),
    b: readMatrix(build, weight, true),
    bias: row && { layout: row.layout, tensor: row },
    y,
  });
  if (!done) byReference(node, build);
};

/** matmul; transposed operands are read as they lie. */
export const matmul: Kernel = (node, build) => {
  const { transposeA, transposeB } = node.attributes;
  const done = multiply(build, {
    a: readMatrix(build, the(node.inputs, 0), transposeA === true),
    b: readMatrix(build, the(node.inputs, 1), transposeB === true),
    bias: undefined,
    y: the(node.outputs, 0),
  });
  if (!done) byReference(node, build);
};
