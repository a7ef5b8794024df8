import { defineOp, dims2, float32 } from "../graph/define-op.ts";
import type { TensorType } from "../graph/value.ts";
import { expectRule, expectSameShape, expectScalars, expectVectors } from "./checks.ts";
import {
  crossEntropy,
  crossEntropyGradient,
  labelLikelihood,
  labelLikelihoodGradient,
  logSoftmaxRows,
  logSoftmaxRowsGradient,
  softmaxRows,
  softmaxRowsGradient,
} from "./reference/softmax.ts";

const LABELS = { labels: "int32" } as const;

function checkLabelled(
  op: string,
  { name, type }: { name: string; type: TensorType },
  { labels, classWeights }: { labels: TensorType; classWeights: TensorType | undefined },
): void {
  const [n, c] = dims2(type, op, name);
  expectVectors(op, n, { labels }, { [name]: type });
  expectVectors(op, c, { classWeights }, { [name]: type });
}

function expectSmoothing(op: string, labelSmoothing: number, logits: TensorType): void {
  const inRange = 0 <= labelSmoothing && labelSmoothing <= 1;
  expectRule(op, inRange, `labelSmoothing ${labelSmoothing} must be in 0..1`, { logits });
}

/** eˣ/Σeˣ over the classes: x [N, C] → same. */
export const softmax = defineOp({
  name: "softmax",
  inputs: ["x"],
  outputs: ["y"],
  shape: ([x]) => [float32(dims2(x, "softmax", "x"))],
  gradient: ({ outputs: [y], gradOutputs: [dy] }) => [softmaxGradient(y, dy)],
  reference: ([x]) => [softmaxRows(x)],
});

/** y·(dy − Σ dy·y), both [N, C]. */
export const softmaxGradient = defineOp({
  name: "softmaxGradient",
  inputs: ["y", "dy"],
  outputs: ["dx"],
  shape: ([y, dy]) => {
    expectSameShape("softmaxGradient", { y, dy });
    return [float32(dims2(y, "softmaxGradient", "y"))];
  },
  reference: ([y, dy]) => [softmaxRowsGradient(y, dy)],
});

/** x − log Σeˣ over the classes: x [N, C] → same. */
export const logSoftmax = defineOp({
  name: "logSoftmax",
  inputs: ["x"],
  outputs: ["y"],
  shape: ([x]) => [float32(dims2(x, "logSoftmax", "x"))],
  gradient: ({ outputs: [y], gradOutputs: [dy] }) => [logSoftmaxGradient(y, dy)],
  reference: ([x]) => [logSoftmaxRows(x)],
});

/** dy − eʸ·Σ dy, both [N, C]. */
export const logSoftmaxGradient = defineOp({
  name: "logSoftmaxGradient",
  inputs: ["y", "dy"],
  outputs: ["dx"],
  shape: ([y, dy]) => {
    expectSameShape("logSoftmaxGradient", { y, dy });
    return [float32(dims2(y, "logSoftmaxGradient", "y"))];
  },
  reference: ([y, dy]) => [logSoftmaxRowsGradient(y, dy)],
});

/**
 * Cross entropy of logits [N, C] with labels [N] (int32, 0..C−1), in nats → loss [], logProbabilities [N, C].
 *
 * Mean over the batch, weighted by the label's class weight where classWeights [C] are given. Label smoothing ε
 * (Szegedy et al. 2016) gives every class the share ε/C of the target, also weighted.
 */
export const softmaxCrossEntropy = defineOp({
  name: "softmaxCrossEntropy",
  inputs: ["logits", "labels", "classWeights?"],
  outputs: ["loss", "logProbabilities"],
  defaults: { labelSmoothing: 0 },
  dtypes: LABELS,
  shape: ([logits, labels, classWeights], { labelSmoothing }) => {
    checkLabelled("softmaxCrossEntropy", { name: "logits", type: logits }, { labels, classWeights });
    expectSmoothing("softmaxCrossEntropy", labelSmoothing, logits);
    return [float32([]), float32(logits.shape)];
  },
  gradient: ({ inputs: [, labels, classWeights], outputs: [, logProbabilities], gradOutputs: [dloss], attributes }) => [
    softmaxCrossEntropyGradient(logProbabilities, labels, classWeights, dloss, attributes),
    undefined,
    undefined,
  ],
  reference: ([logits, labels, classWeights], { labelSmoothing }) => {
    const logProbabilities = logSoftmaxRows(logits);
    return [crossEntropy(logProbabilities, labels, { classWeights, labelSmoothing }), logProbabilities];
  },
});

/** Gradient of `softmaxCrossEntropy` with respect to the logits: logProbabilities [N, C], dloss [] → dlogits [N, C]. */
export const softmaxCrossEntropyGradient = defineOp({
  name: "softmaxCrossEntropyGradient",
  inputs: ["logProbabilities", "labels", "classWeights?", "dloss"],
  outputs: ["dlogits"],
  defaults: { labelSmoothing: 0 },
  dtypes: LABELS,
  shape: ([logProbabilities, labels, classWeights, dloss], { labelSmoothing }) => {
    checkLabelled(
      "softmaxCrossEntropyGradient",
      { name: "logProbabilities", type: logProbabilities },
      { labels, classWeights },
    );
    expectSmoothing("softmaxCrossEntropyGradient", labelSmoothing, logProbabilities);
    expectScalars("softmaxCrossEntropyGradient", { dloss });
    return [float32(logProbabilities.shape)];
  },
  reference: ([logProbabilities, labels, classWeights, dloss], { labelSmoothing }) => [
    crossEntropyGradient(logProbabilities, labels, { classWeights, labelSmoothing, dloss }),
  ],
});

/** −logProbabilities [N, C] at labels [N], mean weighted by the label's class weight → loss []. */
export const negativeLogLikelihood = defineOp({
  name: "negativeLogLikelihood",
  inputs: ["logProbabilities", "labels", "classWeights?"],
  outputs: ["loss"],
  dtypes: LABELS,
  shape: ([logProbabilities, labels, classWeights]) => {
    checkLabelled(
      "negativeLogLikelihood",
      { name: "logProbabilities", type: logProbabilities },
      { labels, classWeights },
    );
    return [float32([])];
  },
  gradient: ({ inputs: [logProbabilities, labels, classWeights], gradOutputs: [dloss] }) => [
    negativeLogLikelihoodGradient(logProbabilities, labels, classWeights, dloss),
    undefined,
    undefined,
  ],
  reference: ([logProbabilities, labels, classWeights]) => [labelLikelihood(logProbabilities, labels, classWeights)],
});

/** Gradient of `negativeLogLikelihood`; of logProbabilities only the shape counts. */
export const negativeLogLikelihoodGradient = defineOp({
  name: "negativeLogLikelihoodGradient",
  inputs: ["logProbabilities", "labels", "classWeights?", "dloss"],
  outputs: ["dx"],
  dtypes: LABELS,
  shape: ([logProbabilities, labels, classWeights, dloss]) => {
    checkLabelled(
      "negativeLogLikelihoodGradient",
      { name: "logProbabilities", type: logProbabilities },
      { labels, classWeights },
    );
    expectScalars("negativeLogLikelihoodGradient", { dloss });
    return [float32(logProbabilities.shape)];
  },
  reference: ([logProbabilities, labels, classWeights, dloss]) => [
    labelLikelihoodGradient(logProbabilities.shape, labels, { classWeights, dloss }),
  ],
});
