import type { Node, Shape, Value } from "../../../graph/value.ts";
import type { ConvolutionAttributes } from "../../../ops/index.ts";
import type { Builder } from "../builder.ts";
import { ALGORITHM, PROPAGATION } from "../codes.ts";
import type { Layout } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { batchNormInference } from "./batch-norm.ts";
import { relu as reluKernel } from "./elementwise.ts";
import { byReference, type Kernel, the } from "./kernel.ts";

const attributesOf = ({ attributes }: Node): ConvolutionAttributes => attributes as unknown as ConvolutionAttributes;

/** Strides, distances between kernel elements less 1, paddings: as the descriptors of convolutions end. */
const walk = ({ stride, dilation, padding }: ConvolutionAttributes): (readonly number[])[] => [
  stride,
  dilation.map((step) => step - 1),
  padding,
  padding,
];

/** The shape that oneDNN gives to weights: groups have an axis of their own. */
function weightShape([o = 1, perGroup = 1, ...kernel]: Shape, { groups }: ConvolutionAttributes): Shape {
  return groups === 1 ? [o, perGroup, ...kernel] : [groups, o / groups, perGroup, ...kernel];
}

/** A weight in the layout that a primitive wants. */
function readWeight(build: Builder, value: Value, attributes: ConvolutionAttributes, layout: Layout): Tensor {
  if (attributes.groups === 1) return build.readAs(value, layout);
  const plain = build.readPlain(value, weightShape(value.shape, attributes));
  return build.dnnl.same(plain.layout, layout) ? plain : build.reordered(plain, layout);
}

/** conv2d as a convolution with layouts of oneDNN's choice. */
export const conv2d: Kernel = (node, build) => {
  const { dnnl, element } = build;
  const attributes = attributesOf(node);
  const [folding, relu] = [build.fusions.foldings.get(node), build.fusions.relus.get(node)];
  const last = relu ?? folding ?? node;
  const [x, weight, y] = [the(node.inputs, 0), the(node.inputs, 1), the(last.outputs, 0)];
  const bias = node.inputs[2];
  const args = [
    dnnl.any(x.shape, element),
    dnnl.any(weightShape(weight.shape, attributes), element),
    (bias || folding) && dnnl.plain(weight.shape.slice(0, 1)),
    dnnl.any(y.shape, element),
    ...walk(attributes),
  ];
  const description = dnnl.describe("convolutionForward", [PROPAGATION.training, ALGORITHM.convolution, ...args], {
    attribute: relu ? "relu" : "plain",
  });
  if (!description) return separately(node, build);
  const weights = dnnl.layoutOf(description, "weights");
  const reads = {
    src: build.readAs(x, dnnl.layoutOf(description, "src")),
    ...(folding
      ? foldedWeights(build, { node, folding, layout: weights })
      : { weights: readWeight(build, weight, attributes, weights), bias: bias && build.readPlain(bias) }),
  };
  build.primitive(description, { reads, writes: { dst: build.write(y, dnnl.layoutOf(description, "dst")) } });
};

/** A convolution without oneDNN, and what it would have done along. */
function separately(node: Node, build: Builder): void {
  byReference(node, build);
  const [folding, after] = [build.fusions.foldings.get(node), build.fusions.relus.get(node)];
  if (folding) batchNormInference(folding, build);
  if (after) reluKernel(after, build);
}

/**
 * Weights and bias of a convolution that takes in the normalisation of its result: with f = weight/√(variance + epsilon) of
 * each channel, kernel·f and (bias − mean)·f + shift.
 */
function foldedWeights(
  build: Builder,
  { node, folding, layout }: { node: Node; folding: Node; layout: Layout },
): { weights: Tensor; bias: Tensor } {
  const [kernel, bias] = [the(node.inputs, 1), node.inputs[2]];
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((index) => the(folding.inputs, index)) as Vectors;
  const epsilon = folding.attributes.epsilon as number;
  const factor = (c: number, factors: Float32Array, variances: Float32Array): number =>
    (factors[c] ?? 0) / Math.sqrt((variances[c] ?? 0) + epsilon);
  const weights = build.derived(
    `kernel with epsilon ${epsilon}`,
    { layout, shape: weightShape(kernel.shape, attributesOf(node)) },
    {
      variables: [kernel, scale, variance],
      compute: (k, factors, variances) => {
        const perChannel = k.length / factors.length;
        return k.map((value, index) => value * factor(Math.floor(index / perChannel), factors, variances));
      },
    },
  );
  const vector = { layout: build.dnnl.plain(mean.shape), shape: mean.shape };
  const compute = (...[shifts, means, factors, variances, biases]: Float32Array[]): Float32Array =>
    (shifts as Float32Array).map(
      (value, c) =>
        value +
        ((biases?.[c] ?? 0) - (means?.[c] ?? 0)) * factor(c, factors as Float32Array, variances as Float32Array),
    );
  const variables = [shift, mean, scale, variance, ...(bias ? [bias] : [])];
  return { weights, bias: build.derived(`bias with epsilon ${epsilon}`, vector, { variables, compute }) };
}

type Vectors = [Value, Value, Value, Value];

/** The forward convolution of which a gradient is taken, which oneDNN wants to know. */
function forwardOf(
  { dnnl, element }: Builder,
  shapes: { x: Shape; weight: Shape; y: Shape },
  attributes: ConvolutionAttributes,
) {
  const [x, weight, y] = [shapes.x, shapes.weight, shapes.y].map((shape) => dnnl.any(shape, element));
  const args = [x, weight, undefined, y, ...walk(attributes)];
  return dnnl.describe("convolutionForward", [PROPAGATION.training, ALGORITHM.convolution, ...args]);
}

/** conv2dInputGradient as the backward pass of a convolution. */
export const conv2dInputGradient: Kernel = (node, build) => {
  const { dnnl, element } = build;
  const attributes = attributesOf(node);
  const [dy, weight, dx] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const shapes = { x: dx.shape, weight: weightShape(weight.shape, attributes), y: dy.shape };
  const [x, weights, y] = [shapes.x, shapes.weight, shapes.y].map((shape) => dnnl.any(shape, element));
  const args = [x, weights, y, ...walk(attributes)];
  const forward = forwardOf(build, shapes, attributes);
  const description = dnnl.describe("convolutionBackwardData", [ALGORITHM.convolution, ...args], { forward });
  if (!description) return byReference(node, build);
  const reads = {
    gradDst: build.readAs(dy, dnnl.layoutOf(description, "gradDst")),
    weights: readWeight(build, weight, attributes, dnnl.layoutOf(description, "weights")),
  };
  const writes = { gradSrc: build.write(dx, dnnl.layoutOf(description, "gradSrc")) };
  build.primitive(description, { reads, writes });
};

/** conv2dWeightGradient as the backward pass of a convolution; the gradient of the bias comes along. */
export const conv2dWeightGradient: Kernel = (node, build) => {
  const { dnnl, element } = build;
  const attributes = attributesOf(node);
  const [x, dy, dweight] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const after = build.fusions.biasGradients.get(node);
  const dbias = after?.outputs[0];
  const shapes = { x: x.shape, weight: weightShape(dweight.shape, attributes), y: dy.shape };
  const args = [
    dnnl.any(shapes.x, element),
    dnnl.any(shapes.weight), // float32: what the optimizer's step reads
    dbias && dnnl.plain(dbias.shape),
    dnnl.any(shapes.y, element),
    ...walk(attributes),
  ];
  const forward = forwardOf(build, shapes, attributes);
  const description = dnnl.describe("convolutionBackwardWeights", [ALGORITHM.convolution, ...args], { forward });
  if (!description) {
    byReference(node, build);
    if (after) byReference(after, build);
    return;
  }
  const layout = dnnl.layoutOf(description, "gradWeights");
  const gradWeights = attributes.groups === 1 ? build.write(dweight, layout) : build.scratch(layout);
  build.primitive(description, {
    reads: {
      src: build.readAs(x, dnnl.layoutOf(description, "src")),
      gradDst: build.readAs(dy, dnnl.layoutOf(description, "gradDst")),
    },
    writes: { gradWeights, gradBias: dbias && build.write(dbias) },
  });
  if (attributes.groups !== 1) {
    const plain = build.reordered(gradWeights, dnnl.plain(shapes.weight));
    build.bind(dweight, build.alias(plain, dnnl.plain(dweight.shape)));
  }
};
