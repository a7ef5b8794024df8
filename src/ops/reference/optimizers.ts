import type { HostTensor } from "../../graph/define-op.ts";
import { mapElements, scalarOf, zipElements } from "./elements.ts";

/** sgdStep: new parameter and momentum buffer. */
export function stepSgd(
  parameter: HostTensor,
  gradient: HostTensor,
  {
    momentumBuffer,
    learningRate,
    gradientShare,
    momentum,
    nesterov,
    weightDecay,
  }: {
    momentumBuffer: HostTensor | undefined;
    learningRate: HostTensor;
    gradientShare: HostTensor | undefined;
    momentum: number;
    nesterov: boolean;
    weightDecay: number;
  },
): [HostTensor, HostTensor] {
  const decayed = zipElements(gradient, parameter, (g, p) => g + weightDecay * p);
  const share = gradientShare ? scalarOf(gradientShare) : 1;
  const buffer = momentumBuffer
    ? zipElements(momentumBuffer, decayed, (old, g) => momentum * old + share * g)
    : decayed;
  const step = nesterov ? zipElements(decayed, buffer, (g, b) => g + momentum * b) : buffer;
  return [zipElements(parameter, step, (p, s) => p - scalarOf(learningRate) * s), buffer];
}

/** adamStep: new parameter, first and second moment. */
export function stepAdam(
  state: { parameter: HostTensor; gradient: HostTensor; firstMoment: HostTensor; secondMoment: HostTensor },
  {
    learningRate,
    biasCorrection1,
    biasCorrection2Root,
    beta1,
    beta2,
    epsilon,
    weightDecay,
    decoupled,
  }: {
    learningRate: HostTensor;
    biasCorrection1: HostTensor;
    biasCorrection2Root: HostTensor;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    decoupled: boolean;
  },
): [HostTensor, HostTensor, HostTensor] {
  const rate = scalarOf(learningRate);
  const kept = mapElements(state.parameter, (p) => (decoupled ? p * (1 - rate * weightDecay) : p));
  const decay = decoupled ? 0 : weightDecay;
  const gradient = zipElements(state.gradient, state.parameter, (g, p) => g + decay * p);
  const first = zipElements(state.firstMoment, gradient, (m, g) => beta1 * m + (1 - beta1) * g);
  const second = zipElements(state.secondMoment, gradient, (v, g) => beta2 * v + (1 - beta2) * g * g);
  const step = zipElements(first, second, (m, v) => m / (Math.sqrt(v) / scalarOf(biasCorrection2Root) + epsilon));
  return [zipElements(kept, step, (p, s) => p - (rate / scalarOf(biasCorrection1)) * s), first, second];
}
