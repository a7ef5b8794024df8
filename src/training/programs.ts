/** The forward pass of a network as a Program, and what it has in common with the training step. */
import { defineProgram, type Program } from "../graph/program.ts";
import { input, type Value, type Variable } from "../graph/value.ts";
import { type Module, tensorsOf, trace } from "../nn/index.ts";
import { negativeLogLikelihood, softmaxCrossEntropy } from "../ops/index.ts";

/** A scalar loss [] of what the network returns and labels int32 [N]. */
export type Loss<Output = Value> = (output: Output, labels: Value) => Value;

/** Mean cross entropy of logits [N, classes], in nats. */
export const crossEntropy: Loss = (logits, labels) => softmaxCrossEntropy(logits, labels, undefined)[0];

/** Mean negative log-likelihood of log-probabilities [N, classes], as `logSoftmax` gives them, in nats. */
export const nllLoss: Loss = (logProbabilities, labels) => negativeLogLikelihood(logProbabilities, labels, undefined);

/** What both Programs take. */
export interface ForwardOptions {
  /** Channels, height, width of one image. */
  readonly inputShape: readonly number[];
  readonly batchSize: number;
}

/** Name of the variable that holds an optimizer's slot of a parameter. */
export const slotName = (parameter: string, slot: string): string => `${parameter}.${slot}`;

/** Name of the variable that holds the moving average of a parameter or buffer. */
export const averageName = (tensor: string): string => `${tensor}.average`;

/** The parameters that a step changes, in the order of the state dict. */
export const trainedParameters = (network: Module, isFrozen: (name: string) => boolean = () => false): Variable[] =>
  tensorsOf(network).flatMap(({ name, role, spec }) =>
    role === "parameter" && !isFrozen(name) ? [{ name, shape: spec.shape, dtype: "float32" as const }] : [],
  );

/**
 * The forward pass in evaluation: `images` [N, C, H, W] → `logits` [N, classes]. Where `isAveraged` says so, a parameter or
 * buffer is taken from its moving average.
 */
export function inferenceProgram(
  network: Module,
  { inputShape, batchSize, isAveraged }: ForwardOptions & { readonly isAveraged?: (tensor: string) => boolean },
): Program {
  const images = input("images", [batchSize, ...inputShape]);
  const variableOf = (name: string): string => (isAveraged?.(name) ? averageName(name) : name);
  const { output } = trace(network, images, { training: false, variableOf });
  return defineProgram({ name: `forward pass of ${batchSize} images`, outputs: { logits: output } });
}
