import { defineOp, float32 } from "../graph/define-op.ts";
import { expectSameShape, expectScalars } from "./checks.ts";
import { mapElements } from "./reference/elements.ts";
import { stepAdam, stepSgd } from "./reference/optimizers.ts";

/**
 * One step of stochastic gradient descent on one parameter, as torch.optim.SGD; all tensors of one shape, scalars [].
 *
 * g = gradient + weightDecay·p; buffer' = momentum·buffer + gradientShare·g (just g where there is no buffer);
 * p' = p − learningRate·(nesterov ? g + momentum·buffer' : buffer').
 * gradientShare is 1 at the first step of a parameter and 1 − dampening later; without it, it is always 1.
 */
export const sgdStep = defineOp({
  name: "sgdStep",
  inputs: ["parameter", "gradient", "momentumBuffer?", "learningRate", "gradientShare?"],
  outputs: ["newParameter", "newMomentumBuffer"],
  defaults: { momentum: 0, nesterov: false, weightDecay: 0 },
  shape: ([parameter, gradient, momentumBuffer, learningRate, gradientShare]) => {
    expectSameShape("sgdStep", { parameter, gradient, momentumBuffer });
    expectScalars("sgdStep", { learningRate, gradientShare });
    return [float32(parameter.shape), float32(parameter.shape)];
  },
  reference: ([parameter, gradient, momentumBuffer, learningRate, gradientShare], attributes) =>
    stepSgd(parameter, gradient, { momentumBuffer, learningRate, gradientShare, ...attributes }),
});

/**
 * By how much gradients are to be multiplied so that their common norm is at most `maximum`, as PyTorch's clip_grad_norm_:
 * the sum of their squares [] → min(1, maximum/(√sum + 1e-6)) [].
 */
export const clipFactor = defineOp({
  name: "clipFactor",
  inputs: ["sumOfSquares"],
  outputs: ["factor"],
  defaults: { maximum: 1 },
  shape: ([sumOfSquares]) => {
    expectScalars("clipFactor", { sumOfSquares });
    return [float32([])];
  },
  reference: ([sumOfSquares], { maximum }) => [
    mapElements(sumOfSquares, (value) => Math.min(1, maximum / (Math.sqrt(value) + 1e-6))),
  ],
});

/**
 * One step of Adam (Kingma & Ba 2015) or, with `decoupled` weight decay, AdamW (Loshchilov & Hutter 2019) on one parameter.
 *
 * biasCorrection1 = 1 − β1ᵗ and biasCorrection2Root = √(1 − β2ᵗ) at step t = 1, 2, …, as scalars []. Weight decay is added
 * to the gradient, or if decoupled multiplies p by 1 − learningRate·weightDecay first. m' = β1·m + (1 − β1)·g,
 * v' = β2·v + (1 − β2)·g², p' = p − learningRate/biasCorrection1 · m'/(√v'/biasCorrection2Root + epsilon).
 */
export const adamStep = defineOp({
  name: "adamStep",
  inputs: [
    "parameter",
    "gradient",
    "firstMoment",
    "secondMoment",
    "learningRate",
    "biasCorrection1",
    "biasCorrection2Root",
  ],
  outputs: ["newParameter", "newFirstMoment", "newSecondMoment"],
  defaults: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false },
  shape: ([parameter, gradient, firstMoment, secondMoment, learningRate, biasCorrection1, biasCorrection2Root]) => {
    expectSameShape("adamStep", { parameter, gradient, firstMoment, secondMoment });
    expectScalars("adamStep", { learningRate, biasCorrection1, biasCorrection2Root });
    const type = float32(parameter.shape);
    return [type, type, type];
  },
  reference: (
    [parameter, gradient, firstMoment, secondMoment, learningRate, biasCorrection1, biasCorrection2Root],
    attributes,
  ) => {
    const state = { parameter, gradient, firstMoment, secondMoment };
    return stepAdam(state, { learningRate, biasCorrection1, biasCorrection2Root, ...attributes });
  },
});
