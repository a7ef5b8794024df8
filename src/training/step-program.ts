/** One training step of a network as a Program. */
import { gradientsOf } from "../graph/gradients.ts";
import { defineProgram, type Program, type Update } from "../graph/program.ts";
import { input, read, scalar, type Value, type Variable } from "../graph/value.ts";
import { type Module, type Traced, trace } from "../nn/index.ts";
import { add, broadcastTo, clipFactor, multiply, scale, subtract, sum } from "../ops/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { averageName, crossEntropy, type ForwardOptions, type Loss, slotName, trainedParameters } from "./programs.ts";

/** What a training step takes. */
export interface StepOptions extends ForwardOptions {
  readonly optimizer: Optimizer;
  /** `crossEntropy` by default. */
  readonly loss?: Loss;
  /** Whether the parameter of that name keeps its value; it gets no gradient and no slots. */
  readonly isFrozen?: (parameter: string) => boolean;
  /** Whether the batch normalisation of that name uses its running statistics and leaves them as they are. */
  readonly keepsStatistics?: (layer: string) => boolean;
  /** Which of several sets of the optimizer's scalars is the parameter's: 0, 1, …; one for all by default. */
  readonly groupOf?: (parameter: string) => number;
  /** The largest common norm of the gradients; none by default. */
  readonly clipNorm?: number;
  /**
   * `part`: the gradient is only added to what the batches before left behind; `last`: the step of all of them together.
   * By default a batch is a step of its own.
   */
  readonly accumulation?: "part" | "last";
  /** Whether moving averages of what is trained are kept. */
  readonly averages?: boolean;
  /** Whether each image has two labels. */
  readonly mixed?: boolean;
}

/** Name of the input that holds an optimizer's scalar for the parameters of a group. */
export const scalarName = (name: string, group: number): string => (group === 0 ? name : `${name}.${group}`);

/** Name of the variable that holds the gradient of the batches so far: Σ gradient·share; see `shareOfStep`. */
const gradientName = (parameter: string): string => slotName(parameter, "gradient_sum");

/** A parameter in a step. */
interface Trained {
  readonly variable: Variable;
  readonly value: Value;
  readonly gradient: Value;
}

/**
 * One training step. Inputs: `images` [N, C, H, W], `labels` int32 [N], the optimizer's scalars [] for each group, and
 * `dropoutKey` int32 [4] if the network has dropout; `otherLabels` int32 [N] and `share` [], that of `labels` in the loss, if
 * labels are mixed; `shareOfStep` [], the part that the batch's mean loss has in that of the step, for one of several;
 * `averageShare` [] with averages.
 * Outputs: `loss` [] and `logits` [N, classes], both from before the step.
 */
export function trainingProgram(network: Module, options: StepOptions): Program {
  const { inputShape, batchSize, loss = crossEntropy, isFrozen, keepsStatistics, accumulation } = options;
  const images = input("images", [batchSize, ...inputShape]);
  const dropoutKey = input("dropoutKey", [4], "int32");
  const forward = trace(network, images, { training: true, dropoutKey, isFrozen: keepsStatistics });
  const lossValue = totalLoss(forward, options.mixed ? mixedLoss(loss, batchSize) : plainLoss(loss, batchSize));
  const trained = trainedParameters(network, isFrozen).flatMap((variable) => {
    const value = forward.tensors.get(variable.name);
    return value ? [{ variable, value }] : [];
  });
  const gradients = gradientsOf(
    lossValue,
    trained.map(({ value }) => value),
    (values) => add(values),
  );
  const steps = trained.flatMap(({ variable, value }, index): Trained[] => {
    const gradient = gradients[index];
    return gradient ? [{ variable, value, gradient }] : [];
  });
  const updates = accumulation === "part" ? steps.map(withEarlier) : wholeStep(steps, options);
  const all = [...updates, ...forward.updates];
  return defineProgram({
    name: `training step of ${batchSize} images`,
    outputs: { loss: lossValue, logits: forward.output },
    updates: options.averages && accumulation !== "part" ? [...all, ...averageUpdates(all, steps)] : all,
  });
}

type OutputLoss = (logits: Value) => Value;

const plainLoss = (loss: Loss, batchSize: number): OutputLoss => {
  const labels = input("labels", [batchSize], "int32");
  return (logits) => loss(logits, labels);
};

/** share·loss(labels) + (1 − share)·loss(otherLabels), as MixUp (Zhang et al. 2018) and CutMix (Yun et al. 2019) have it. */
const mixedLoss = (loss: Loss, batchSize: number): OutputLoss => {
  const [labels, others] = ["labels", "otherLabels"].map((name) => input(name, [batchSize], "int32")) as [Value, Value];
  const share = input("share", []);
  return (logits) =>
    add([multiply(loss(logits, labels), share), multiply(loss(logits, others), subtract(scalar(1), share))]);
};

/** The loss of the output, and that of each auxiliary classifier times its weight. */
function totalLoss({ output, auxiliary }: Traced, loss: OutputLoss): Value {
  const main = loss(output);
  if (auxiliary.length === 0) return main;
  return add([main, ...auxiliary.map(({ logits, weight }) => scale(loss(logits), { factor: weight }))]);
}

const sumVariable = ({ variable }: Trained): Variable => ({ ...variable, name: gradientName(variable.name) });

/** Adds gradient·share to what the batches before left. */
const withEarlier = (step: Trained): Update => ({
  variable: sumVariable(step),
  value: add([read(sumVariable(step)), multiply(step.gradient, input("shareOfStep", []))]),
});

/** The optimizer's step on the gradients, those of earlier batches included. */
function wholeStep(steps: readonly Trained[], options: StepOptions): Update[] {
  const { accumulation, clipNorm, optimizer, groupOf = () => 0 } = options;
  const isLast = accumulation === "last";
  const whole = steps.map((step) => ({
    ...step,
    gradient: isLast ? withEarlier(step).value : step.gradient,
  }));
  const clipped = clipNorm === undefined ? whole : withClipping(whole, clipNorm);
  const emptied = isLast ? steps.map((step) => ({ variable: sumVariable(step), value: zeros(step.variable) })) : [];
  return [...clipped.flatMap((step) => parameterUpdates(step, optimizer, groupOf(step.variable.name))), ...emptied];
}

const zeros = ({ shape }: Variable): Value => broadcastTo(scalar(0), { shape });

function withClipping(steps: readonly Trained[], maximum: number): Trained[] {
  if (steps.length === 0) return [];
  const squares = steps.map(({ gradient }) => {
    const axes = gradient.shape.map((_, axis) => axis);
    const square = multiply(gradient, gradient);
    return axes.length === 0 ? square : sum(square, { axes });
  });
  const factor = clipFactor(add(squares), { maximum });
  return steps.map((step) => ({ ...step, gradient: multiply(step.gradient, factor) }));
}

function parameterUpdates({ variable, value, gradient }: Trained, optimizer: Optimizer, group: number): Update[] {
  const scalars = Object.fromEntries(optimizer.scalars.map((name) => [name, input(scalarName(name, group), [])]));
  const slots = optimizer.slots.map((slot): Variable => ({ ...variable, name: slotName(variable.name, slot) }));
  const stepped = optimizer.step(value, gradient, { slots: slots.map(read), scalars });
  const slotUpdates = stepped.slots.map((slot, index) => ({ variable: slots[index] as Variable, value: slot }));
  return [{ variable, value: stepped.parameter }, ...slotUpdates];
}

/** average + averageShare·(new − average), of parameters and of buffers. */
function averageUpdates(updates: readonly Update[], steps: readonly Trained[]): Update[] {
  const parameters = new Set(steps.map(({ variable }) => variable.name));
  const share = input("averageShare", []);
  return updates
    .filter(({ variable: { name } }) => parameters.has(name) || isStatistic(name))
    .map(({ variable, value }) => {
      const average = { ...variable, name: averageName(variable.name) };
      const before = read(average);
      return { variable: average, value: add([before, multiply(subtract(value, before), share)]) };
    });
}

/** Whether a buffer is one that averages are kept of: a running statistic, and not a counter. */
export const isStatistic = (name: string): boolean => /\.running_(mean|var)$|^running_(mean|var)$/.test(name);
