/** Optimizers: what they keep for each parameter, and their step as ops of the graph. */
import type { Value } from "../graph/value.ts";
import { adamStep, sgdStep } from "../ops/index.ts";

/** Names of the optimizers. */
export const OPTIMIZER_NAMES = ["sgd", "adam", "adamw"] as const;
/** Name of an optimizer. */
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** What a step makes of one parameter; `slots` are in the order of the optimizer's. */
export interface SteppedParameter {
  readonly parameter: Value;
  readonly slots: readonly Value[];
}

/** An optimizer with its settings. It has no state: slots are variables of the engine, the step is counted by the loop. */
export interface Optimizer {
  readonly name: OptimizerName;
  /** The learning rate that schedules start from. */
  readonly learningRate: number;
  /** Settings by the names of PyTorch's `param_groups`, without the learning rate. */
  readonly settings: Readonly<Record<string, number | boolean | readonly number[]>>;
  /** What is kept for each parameter, named as in PyTorch's optimizer state; all begin at zero. */
  readonly slots: readonly string[];
  /** Names of the scalar inputs that a step needs. */
  readonly scalars: readonly string[];
  /** The scalars of step t = 1, 2, … at a learning rate, computed in float64. */
  scalarsAt(t: number, learningRate: number): Readonly<Record<string, number>>;
  /** The step of one parameter. */
  step(parameter: Value, gradient: Value, state: StepState): SteppedParameter;
}

/** What a step reads besides parameter and gradient. */
export interface StepState {
  readonly slots: readonly Value[];
  readonly scalars: Readonly<Record<string, Value>>;
}

/** Settings of `sgd`. */
export interface SgdOptions {
  /** 0.001 by default. */
  readonly learningRate?: number;
  /** Share of the last steps that is kept, 0..1; 0 by default. */
  readonly momentum?: number;
  /** Share of the gradient that is left out of the momentum, 0..1; 0 by default. */
  readonly dampening?: number;
  /** Looks one step ahead; needs momentum and no dampening. */
  readonly nesterov?: boolean;
  /** Added to the gradient, times the parameter; 0 by default. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent, as torch.optim.SGD. */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  if (nesterov && (momentum <= 0 || dampening !== 0)) throw new Error("sgd: nesterov needs momentum and no dampening");
  const dampens = momentum !== 0 && dampening !== 0;
  return {
    name: "sgd",
    learningRate,
    settings: { momentum, dampening, weight_decay: weightDecay, nesterov },
    slots: momentum === 0 ? [] : ["momentum_buffer"],
    scalars: dampens ? ["learningRate", "gradientShare"] : ["learningRate"],
    scalarsAt: (t, rate) => ({
      learningRate: rate,
      ...(dampens && { gradientShare: t === 1 ? 1 : 1 - dampening }),
    }),
    step(parameter, gradient, { slots: [buffer], scalars }) {
      const { learningRate: rate } = required(scalars, "learningRate");
      const { gradientShare } = scalars;
      const attributes = { momentum, nesterov, weightDecay };
      const [next, nextBuffer] = sgdStep(parameter, gradient, buffer, rate, gradientShare, attributes);
      return { parameter: next, slots: buffer ? [nextBuffer] : [] };
    },
  };
}

/** Settings of `adam` and `adamw`. */
export interface AdamOptions {
  /** 0.001 by default. */
  readonly learningRate?: number;
  /** Shares of the old moments that are kept; [0.9, 0.999] by default. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8 by default. */
  readonly epsilon?: number;
  /** 0 by default for `adam`, 0.01 for `adamw`. */
  readonly weightDecay?: number;
}

/** Adam (Kingma & Ba 2015), as torch.optim.Adam. */
export const adam = (options: AdamOptions = {}): Optimizer => adamLike("adam", { weightDecay: 0, ...options });

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019), as torch.optim.AdamW. */
export const adamw = (options: AdamOptions = {}): Optimizer => adamLike("adamw", { weightDecay: 0.01, ...options });

function adamLike(name: "adam" | "adamw", options: AdamOptions): Optimizer {
  const { learningRate = 1e-3, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 } = options;
  const [beta1, beta2] = betas;
  const attributes = { beta1, beta2, epsilon, weightDecay, decoupled: name === "adamw" };
  return {
    name,
    learningRate,
    settings: { betas, eps: epsilon, weight_decay: weightDecay },
    slots: ["exp_avg", "exp_avg_sq"],
    scalars: ["learningRate", "biasCorrection1", "biasCorrection2Root"],
    scalarsAt: (t, rate) => ({
      learningRate: rate,
      biasCorrection1: 1 - beta1 ** t,
      biasCorrection2Root: Math.sqrt(1 - beta2 ** t),
    }),
    step(parameter, gradient, { slots, scalars }) {
      const [first, second] = slots;
      if (!first || !second) throw new Error(`${name}: a parameter has two slots`);
      const rates = required(scalars, "learningRate", "biasCorrection1", "biasCorrection2Root");
      const { learningRate: rate, biasCorrection1, biasCorrection2Root } = rates;
      const stepped = adamStep(
        parameter,
        gradient,
        first,
        second,
        rate,
        biasCorrection1,
        biasCorrection2Root,
        attributes,
      );
      return { parameter: stepped[0], slots: [stepped[1], stepped[2]] };
    },
  };
}

function required<Name extends string>(
  scalars: Readonly<Record<string, Value>>,
  ...names: readonly Name[]
): Record<Name, Value> {
  const missing = names.filter((name) => !scalars[name]);
  if (missing.length > 0) throw new Error(`optimizer: scalars ${missing.join(", ")} are missing`);
  return scalars as Record<Name, Value>;
}
