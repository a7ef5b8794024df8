/** The loss of a run, and the order of its samples. */
import { classCounts, classWeights, type Dataset, weightedOrder } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { constant } from "../graph/value.ts";
import { softmaxCrossEntropy } from "../ops/index.ts";
import type { Loss } from "./programs.ts";
import type { TrainConfig } from "./settings.ts";

/** How many samples each class has; data that do not tell their labels are a `UserError`. */
function countsOf({ labels, classes }: Dataset): number[] {
  if (labels) return classCounts(labels, classes.length);
  throw new UserError(
    "data set: expected to know the labels of all samples, to balance classes, but it does not tell them.",
    "Leave class weights and balanced sampling out.",
  );
}

/** Cross entropy with the run's label smoothing and class weights. */
export function lossOf({ labelSmoothing, classWeights: weighting }: TrainConfig, train: Dataset): Loss {
  const weights = weighting === "balanced" ? classWeights(countsOf(train)) : undefined;
  return (logits, labels) => {
    const perClass = weights && constant(Float32Array.from(weights), [weights.length]);
    return softmaxCrossEntropy(logits, labels, perClass, { labelSmoothing })[0];
  };
}

/** What a batch's mean of that loss divides by, as PyTorch's CrossEntropyLoss does, label smoothing or not. */
export function lossWeightOf(
  { classWeights: weighting }: TrainConfig,
  train: Dataset,
): ((labels: Int32Array) => number) | undefined {
  if (weighting !== "balanced") return undefined;
  const weights = classWeights(countsOf(train));
  return (labels) => labels.reduce((sum, label) => sum + (weights[label] ?? 0), 0);
}

/** The order of an epoch's samples where classes are to come equally often; undefined for the plain one. */
export function orderOf({ sampling, seed }: TrainConfig, train: Dataset): ((epoch: number) => Uint32Array) | undefined {
  if (sampling === "plain") return undefined;
  const weights = classWeights(countsOf(train));
  return (epoch) => weightedOrder(train.labels ?? [], { weights, seed, epoch });
}
