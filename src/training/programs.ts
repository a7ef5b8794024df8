/** The two Programs of a network: one training step, and the forward pass alone. */

import { gradientsOf } from "../graph/gradients.ts";
import { defineProgram, type Program, type Update } from "../graph/program.ts";
import { input, read, type Value, type Variable } from "../graph/value.ts";
import { type Module, type Traced, tensorsOf, trace } from "../nn/index.ts";
import { add, scale, softmaxCrossEntropy } from "../ops/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";

/** A scalar loss [] of what the network returns and labels int32 [N]. */
export type Loss<Output = Value> = (output: Output, labels: Value) => Value;

/** Mean cross entropy of logits [N, classes], in nats. */
export const crossEntropy: Loss = (logits, labels) => softmaxCrossEntropy(logits, labels, undefined)[0];

/** What both Programs take. */
export interface ForwardOptions {
  /** Channels, height, width of one image. */
  readonly inputShape: readonly number[];
  readonly batchSize: number;
}

/** What a training step takes. */
export interface StepOptions extends ForwardOptions {
  readonly optimizer: Optimizer;
  /** `crossEntropy` by default. */
  readonly loss?: Loss;
  /** Whether the parameter of that name keeps its value; it gets no gradient and no slots. */
  readonly isFrozen?: (parameter: string) => boolean;
}

/** Name of the variable that holds an optimizer's slot of a parameter. */
export const slotName = (parameter: string, slot: string): string => `${parameter}.${slot}`;

/** The parameters that a step changes, in the order of the state dict. */
export const trainedParameters = (network: Module, isFrozen: (name: string) => boolean = () => false): Variable[] =>
  tensorsOf(network).flatMap(({ name, role, spec }) =>
    role === "parameter" && !isFrozen(name) ? [{ name, shape: spec.shape, dtype: "float32" as const }] : [],
  );

/**
 * One training step. Inputs: `images` [N, C, H, W], `labels` int32 [N], the optimizer's scalars [], and `dropoutKey` int32
 * [4] if the network has dropout. Outputs: `loss` [] and `logits` [N, classes], both from before the step.
 */
export function trainingProgram(network: Module, options: StepOptions): Program {
  const { inputShape, batchSize, optimizer, loss = crossEntropy, isFrozen } = options;
  const images = input("images", [batchSize, ...inputShape]);
  const labels = input("labels", [batchSize], "int32");
  const forward = trace(network, images, { training: true, dropoutKey: input("dropoutKey", [4], "int32") });
  const lossValue = totalLoss(forward, labels, loss);
  const trained = trainedParameters(network, isFrozen).flatMap((variable) => {
    const value = forward.tensors.get(variable.name);
    return value ? [{ variable, value }] : [];
  });
  const targets = trained.map(({ value }) => value);
  const gradients = gradientsOf(lossValue, targets, (values) => add(values));
  const scalars = Object.fromEntries(optimizer.scalars.map((name) => [name, input(name, [])]));
  const updates = trained.flatMap(({ variable, value }, index) => {
    const gradient = gradients[index];
    return gradient ? parameterUpdates(variable, { value, gradient, optimizer, scalars }) : [];
  });
  return defineProgram({
    name: `training step of ${batchSize} images`,
    outputs: { loss: lossValue, logits: forward.output },
    updates: [...updates, ...forward.updates],
  });
}

/** The loss of the output, and that of each auxiliary classifier times its weight. */
function totalLoss({ output, auxiliary }: Traced, labels: Value, loss: Loss): Value {
  const main = loss(output, labels);
  if (auxiliary.length === 0) return main;
  return add([main, ...auxiliary.map(({ logits, weight }) => scale(loss(logits, labels), { factor: weight }))]);
}

interface ParameterStep {
  readonly value: Value;
  readonly gradient: Value;
  readonly optimizer: Optimizer;
  readonly scalars: Readonly<Record<string, Value>>;
}

function parameterUpdates(variable: Variable, { value, gradient, optimizer, scalars }: ParameterStep): Update[] {
  const slots = optimizer.slots.map((slot): Variable => ({ ...variable, name: slotName(variable.name, slot) }));
  const stepped = optimizer.step(value, gradient, { slots: slots.map(read), scalars });
  const slotUpdates = stepped.slots.map((slot, index) => ({ variable: slots[index] as Variable, value: slot }));
  return [{ variable, value: stepped.parameter }, ...slotUpdates];
}

/** The forward pass in evaluation: `images` [N, C, H, W] → `logits` [N, classes]. */
export function inferenceProgram(network: Module, { inputShape, batchSize }: ForwardOptions): Program {
  const images = input("images", [batchSize, ...inputShape]);
  const { output } = trace(network, images, { training: false });
  return defineProgram({ name: `forward pass of ${batchSize} images`, outputs: { logits: output } });
}
