import type { Node, Value } from "../../../graph/value.ts";
import type { Builder } from "../builder.ts";
import { PROPAGATION } from "../codes.ts";
import type { Tensor } from "../tensor.ts";
import { withRelu } from "./elementwise.ts";
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

/** What a product is made of. */
interface Product {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor;
  readonly y: Value;
  /** Whether relu is applied to the result. */
  readonly relu?: boolean;
}

/** a·b + bias for row-major operands, transposed where it is said; false if oneDNN has no such product. */
function multiply(build: Builder, { a, b, bias, y, relu = false }: Product): boolean {
  const { dnnl } = build;
  const layout = dnnl.plain(y.shape);
  const description = dnnl.describe("matmul", [a.layout, b.layout, bias?.layout, layout], {
    attribute: relu ? "relu" : "plain",
  });
  if (!description) return false;
  build.primitive(description, { reads: { src: a, weights: b, bias }, writes: { dst: build.write(y, layout) } });
  return true;
}

/** The layer with its weight in the layout of oneDNN's choice, which costs a copy; false if oneDNN has no such primitive. */
function multiplyPacked(build: Builder, node: Node, { y, relu }: { y: Value; relu: boolean }): boolean {
  const { dnnl } = build;
  const [x, weight] = [the(node.inputs, 0), the(node.inputs, 1)];
  const [src, bias] = [build.readPlain(x), node.inputs[2] && build.readPlain(node.inputs[2])];
  const to = dnnl.plain(y.shape);
  const args = [PROPAGATION.inference, src.layout, dnnl.any(weight.shape), bias?.layout, to];
  const description = dnnl.describe("innerProductForward", args, { attribute: relu ? "relu" : "plain" });
  if (!description) return false;
  const weights = build.readAs(weight, dnnl.layoutOf(description, "weights"));
  build.primitive(description, { reads: { src, weights, bias }, writes: { dst: build.write(y, to) } });
  return true;
}

/** linear, and the relu of its result: a product with the transposed weight, or with a copy of one that is constant. */
export const linear: Kernel = (node, build) => {
  const [x, weight, bias] = [the(node.inputs, 0), the(node.inputs, 1), node.inputs[2]];
  const relu = build.fusions.relus.get(node);
  const to = { y: the((relu ?? node).outputs, 0), relu: relu !== undefined };
  const done =
    (build.isConstant(weight) && multiplyPacked(build, node, to)) ||
    multiply(build, {
      a: readMatrix(build, x, false),
      b: readMatrix(build, weight, true),
      bias: bias && build.readPlain(bias, [1, ...bias.shape]),
      ...to,
    });
  if (!done) withRelu(byReference, node, build);
};

/** matmul; transposed operands are read as they lie. */
export const matmul: Kernel = (node, build) => {
  const { transposeA, transposeB } = node.attributes;
  const done = multiply(build, {
    a: readMatrix(build, the(node.inputs, 0), transposeA === true),
    b: readMatrix(build, the(node.inputs, 1), transposeB === true),
    y: the(node.outputs, 0),
  });
  if (!done) byReference(node, build);
};
