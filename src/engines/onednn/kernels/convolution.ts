import type { Node, Shape, Value } from "../../../graph/value.ts";
import type { ConvolutionAttributes } from "../../../ops/index.ts";
import type { Builder } from "../builder.ts";
import { ALGORITHM, PROPAGATION } from "../codes.ts";
import type { Dnnl, Layout } from "../dnnl.ts";
import type { Tensor } from "../tensor.ts";
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
  const { dnnl } = build;
  const attributes = attributesOf(node);
  const [x, weight, y] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const bias = node.inputs[2];
  const args = [
    dnnl.any(x.shape),
    dnnl.any(weightShape(weight.shape, attributes)),
    bias && dnnl.plain(bias.shape),
    dnnl.any(y.shape),
    ...walk(attributes),
  ];
  const description = dnnl.describe("convolutionForward", [PROPAGATION.training, ALGORITHM.convolution, ...args], {
    attribute: node.attributes.relu === true ? "relu" : "plain",
  });
  if (!description) return byReference(node, build);
  const reads = {
    src: build.readAs(x, dnnl.layoutOf(description, "src")),
    weights: readWeight(build, weight, attributes, dnnl.layoutOf(description, "weights")),
    bias: bias && build.readPlain(bias),
  };
  build.primitive(description, { reads, writes: { dst: build.write(y, dnnl.layoutOf(description, "dst")) } });
};

/** The forward convolution of which a gradient is taken, which oneDNN wants to know. */
function forwardOf(dnnl: Dnnl, shapes: { x: Shape; weight: Shape; y: Shape }, attributes: ConvolutionAttributes) {
  const args = [dnnl.any(shapes.x), dnnl.any(shapes.weight), undefined, dnnl.any(shapes.y), ...walk(attributes)];
  return dnnl.describe("convolutionForward", [PROPAGATION.training, ALGORITHM.convolution, ...args]);
}

/** conv2dInputGradient as the backward pass of a convolution. */
export const conv2dInputGradient: Kernel = (node, build) => {
  const { dnnl } = build;
  const attributes = attributesOf(node);
  const [dy, weight, dx] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const shapes = { x: dx.shape, weight: weightShape(weight.shape, attributes), y: dy.shape };
  const args = [dnnl.any(shapes.x), dnnl.any(shapes.weight), dnnl.any(shapes.y), ...walk(attributes)];
  const forward = forwardOf(dnnl, shapes, attributes);
  const description = dnnl.describe("convolutionBackwardData", [ALGORITHM.convolution, ...args], { forward });
  if (!description) return byReference(node, build);
  const reads = {
    gradDst: build.readAs(dy, dnnl.layoutOf(description, "gradDst")),
    weights: readWeight(build, weight, attributes, dnnl.layoutOf(description, "weights")),
  };
  const writes = { gradSrc: build.write(dx, dnnl.layoutOf(description, "gradSrc")) };
  build.primitive(description, { reads, writes });
};

/** conv2dWeightGradient as the backward pass of a convolution; a second output is the gradient of the bias. */
export const conv2dWeightGradient: Kernel = (node, build) => {
  const { dnnl } = build;
  const attributes = attributesOf(node);
  const [x, dy, dweight] = [the(node.inputs, 0), the(node.inputs, 1), the(node.outputs, 0)];
  const dbias = node.outputs[1];
  const shapes = { x: x.shape, weight: weightShape(dweight.shape, attributes), y: dy.shape };
  const args = [
    dnnl.any(shapes.x),
    dnnl.any(shapes.weight),
    dbias && dnnl.plain(dbias.shape),
    dnnl.any(shapes.y),
    ...walk(attributes),
  ];
  const forward = forwardOf(dnnl, shapes, attributes);
  const description = dnnl.describe("convolutionBackwardWeights", [ALGORITHM.convolution, ...args], { forward });
  if (!description) return byReference(node, build);
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
