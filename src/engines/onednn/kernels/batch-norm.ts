import { type Node, type Shape, sizeOf, type Value } from "../../../graph/value.ts";
import { type Builder, isDense } from "../builder.ts";
import { NORMALIZATION, PROPAGATION } from "../codes.ts";
import type { Layout } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { reluGradient as reluGradientKernel, relu as reluKernel, withRelu } from "./elementwise.ts";
import { byReference, type Kernel, the } from "./kernel.ts";

const AFFINE = NORMALIZATION.scale | NORMALIZATION.shift;

/**
 * x as an image in the layout that it has; rows [N, C] are images of one pixel. Row-major if the layout has channels of
 * padding, since there are no statistics of those.
 */
function readImage(build: Builder, x: Value): Tensor {
  const tensor = build.read(x);
  const asItIs = x.shape.length === 4 && isDense(tensor.layout, x.shape);
  return asItIs ? tensor : build.readPlain(x, imageShape(x.shape));
}

const imageShape = ([n = 1, c = 1, h = 1, w = 1]: Shape): Shape => [n, c, h, w];

/** A tensor for a result of x's shape in the layout of an image. */
function writeImage(build: Builder, y: Value, layout: Layout): Tensor {
  if (y.shape.length === 4) return build.write(y, layout);
  const image = build.scratch(layout);
  build.bind(y, build.alias(image, build.dnnl.plain(y.shape)));
  return image;
}

const numberOf = (node: Node, attribute: string): number => node.attributes[attribute] as number;

/** batchNormTraining; oneDNN gives the statistics of the batch, the rest is arithmetic on vectors. */
export const batchNormTraining: Kernel = (node, build) => {
  const { dnnl } = build;
  const x = the(node.inputs, 0);
  const image = readImage(build, x);
  const epsilon = numberOf(node, "epsilon");
  const relu = build.fusions.relus.get(node);
  const describe = (flags: number) =>
    dnnl.describe("batchNormalizationForward", [PROPAGATION.training, image.layout, epsilon, AFFINE | flags]);
  const together = relu && describe(NORMALIZATION.relu);
  const description = together ?? describe(0);
  if (!description) return withRelu(byReference, node, build);
  const [weight, bias, runningMean, runningVar] = node.inputs.slice(1).map((value) => value && build.readPlain(value));
  const [y, savedMean, savedInvStd, newMean, newVar] = node.outputs;
  const channels = dnnl.plain([the(node.inputs, 1).shape[0] ?? 1]);
  const variance = build.scratch(channels);
  const mean = build.write(the([savedMean], 0));
  const mask = together === undefined ? undefined : build.scratch(dnnl.layoutOf(together, "workspace"));
  if (mask) build.masks.set(node, mask);
  build.primitive(description, {
    reads: { src: image, scale: weight, shift: bias },
    writes: {
      dst: writeImage(build, together ? the(relu.outputs, 0) : the([y], 0), image.layout),
      mean,
      variance,
      workspace: mask,
    },
  });
  if (relu && !together) reluKernel(relu, build);
  const invStd = build.write(the([savedInvStd], 0));
  const means = { old: runningMean, now: mean, next: build.write(the([newMean], 0)) };
  const variances = { old: runningVar, now: variance, next: build.write(the([newVar], 0)) };
  const momentum = numberOf(node, "momentum");
  const count = sizeOf(x.shape) / (x.shape[1] ?? 1);
  build.step([mean, variance, invStd, runningMean, runningVar, means.next, variances.next], () => {
    const [from, to] = [variance.storage.floats, invStd.storage.floats];
    for (let c = 0; c < to.length; c++) to[c] = 1 / Math.sqrt((from[c] ?? 0) + epsilon);
    mix(means, momentum, 1);
    mix(variances, momentum, count / (count - 1));
  });
};

/** next = (1 − momentum)·old + momentum·factor·now */
function mix(
  { old, now, next }: { old: Tensor | undefined; now: Tensor; next: Tensor },
  momentum: number,
  factor: number,
): void {
  const [before, batch, after] = [old?.storage.floats ?? [], now.storage.floats, next.storage.floats];
  for (let c = 0; c < after.length; c++)
    after[c] = (1 - momentum) * (before[c] ?? 0) + momentum * factor * (batch[c] ?? 0);
}

/** batchNormInference with given statistics. */
export const batchNormInference: Kernel = (node, build) => {
  const image = readImage(build, the(node.inputs, 0));
  const flags = AFFINE | NORMALIZATION.givenStatistics;
  const args = [PROPAGATION.inference, image.layout, numberOf(node, "epsilon"), flags];
  const attribute = build.fusions.relus.has(node) ? "relu" : "plain";
  const description = build.dnnl.describe("batchNormalizationForward", args, { attribute });
  if (!description) return withRelu(byReference, node, build);
  const [scale, shift, mean, variance] = node.inputs.slice(1).map((value) => value && build.readPlain(value));
  const relu = build.fusions.relus.get(node);
  const writes = { dst: writeImage(build, the((relu ?? node).outputs, 0), image.layout) };
  build.primitive(description, { reads: { src: image, scale, shift, mean, variance }, writes });
};

/** What both gradients share; `variance` with `epsilon` as the forward pass had them. */
function gradient(
  node: Node,
  build: Builder,
  { x, dy, given, epsilon, mask }: { x: Value; dy: Value; given: number; epsilon: number; mask?: Tensor | undefined },
): ((vectors: { weight: Value; mean: Value; variance: Tensor }) => void) | undefined {
  const { dnnl } = build;
  const image = readImage(build, x);
  const flags = AFFINE | given | (mask ? NORMALIZATION.relu : 0);
  const forward = dnnl.describe("batchNormalizationForward", [PROPAGATION.training, image.layout, epsilon, flags]);
  const args = [PROPAGATION.backward, image.layout, image.layout, epsilon, flags];
  const description = forward && dnnl.describe("batchNormalizationBackward", args, { forward });
  if (!description) return undefined;
  return ({ weight, mean, variance }) => {
    const gradDst = dy.shape.length === 4 ? build.readAs(dy, image.layout) : build.readPlain(dy, imageShape(dy.shape));
    const [dx, dweight, dbias] = node.outputs;
    const scale = build.readPlain(weight);
    const shift = dnnl.gradientTakesShift ? scale : undefined;
    const reads = { src: image, gradDst, scale, shift, mean: build.readPlain(mean), variance, workspace: mask };
    const writes = {
      gradSrc: writeImage(build, the([dx], 0), image.layout),
      gradScale: build.write(the([dweight], 0)),
      gradShift: build.write(the([dbias], 0)),
    };
    build.primitive(description, { reads, writes });
  };
}

/** batchNormTrainingGradient; the variance is taken back from its saved root, with an epsilon of 0. */
export const batchNormTrainingGradient: Kernel = (node, build) => {
  const [x, weight, mean, savedInvStd] = [0, 1, 2, 3].map((index) => the(node.inputs, index)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const before = build.fusions.reluGradients.get(node);
  const mask = before && maskOf(mean, build);
  if (before && !mask) reluGradientKernel(before, build);
  const dy = mask ? the(before.inputs, 1) : the(node.inputs, 4);
  const add = gradient(node, build, { x, dy, given: 0, epsilon: 0, mask });
  if (!add && mask) throw new Error("oneDNN has a batch normalisation with relu but not its gradient");
  if (!add) return byReference(node, build);
  const invStd = build.readPlain(savedInvStd);
  const variance = build.scratch(build.dnnl.plain(savedInvStd.shape));
  build.step([invStd, variance], () => {
    const [from, to] = [invStd.storage.floats, variance.storage.floats];
    for (let c = 0; c < to.length; c++) to[c] = 1 / (from[c] ?? 1) ** 2;
  });
  add({ weight, mean, variance });
};

/** The workspace of the normalisation that gave `savedMean`, if it did a relu along. */
const maskOf = ({ source }: Value, build: Builder): Tensor | undefined =>
  source.kind === "node" ? build.masks.get(source.node) : undefined;

/** batchNormInferenceGradient */
export const batchNormInferenceGradient: Kernel = (node, build) => {
  const [x, weight, mean, variance] = [0, 1, 2, 3].map((index) => the(node.inputs, index)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const given = NORMALIZATION.givenStatistics;
  const add = gradient(node, build, { x, dy: the(node.inputs, 4), given, epsilon: numberOf(node, "epsilon") });
  if (!add) return byReference(node, build);
  add({ weight, mean, variance: build.readPlain(variance) });
};
