import { type Node, sizeOf } from "../../../graph/value.ts";
import type { Builder } from "../builder.ts";
import { ALGORITHM } from "../codes.ts";
import type { Tensor } from "../tensor.ts";
import { type Kernel, the } from "./kernel.ts";

type Attributes<Names extends string> = Readonly<Record<Names, number>>;

const numbersOf = <Names extends string>({ attributes }: Node): Attributes<Names> =>
  attributes as unknown as Attributes<Names>;

/** Elements from which on primitives, which use all cores, are faster than a loop in plain code. */
const LARGE = 8192;

interface SgdTensors {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly slot: Tensor | undefined;
  readonly rate: Tensor;
  readonly share: Tensor | undefined;
  readonly newParameter: Tensor;
  readonly newSlot: Tensor;
}

/** sgdStep: for large tensors as a sum and a product on all cores, else in one loop. */
export const sgdStep: Kernel = (node, build) => {
  const [parameter, gradient, slot, rate, share] = node.inputs.map((value) => value && build.readPlain(value));
  const [newParameter, newSlot] = [0, 1].map((index) => build.writeUpdate(the(node.outputs, index)));
  const tensors = { parameter, gradient, slot, rate, share, newParameter, newSlot } as SgdTensors;
  const isLarge = LARGE <= sizeOf(the(node.outputs, 0).shape) && node.attributes.nesterov !== true;
  if (isLarge && sgdByPrimitives(node, build, tensors)) return;
  build.step(Object.values(tensors), () => {
    moveSlot(node, tensors, share?.storage.floats[0] ?? 1);
    moveParameter(node, tensors);
  });
};

/** slot' = momentum·slot + share·(gradient + weightDecay·parameter) */
function moveSlot(node: Node, { parameter, gradient, slot, newSlot }: SgdTensors, gradientShare: number): void {
  const { momentum, weightDecay } = numbersOf<"momentum" | "weightDecay">(node);
  const [p, g, next] = [parameter.storage.floats, gradient.storage.floats, newSlot.storage.floats];
  const b = slot?.storage.floats;
  for (let i = 0; i < p.length; i++) {
    const decayed = (g[i] as number) + weightDecay * (p[i] as number);
    next[i] = b ? momentum * (b[i] as number) + gradientShare * decayed : decayed;
  }
}

/** parameter' = parameter − rate·(nesterov ? gradient + weightDecay·parameter + momentum·slot' : slot') */
function moveParameter(node: Node, { parameter, gradient, rate, newParameter, newSlot }: SgdTensors): void {
  const { momentum, weightDecay } = numbersOf<"momentum" | "weightDecay">(node);
  const nesterov = node.attributes.nesterov === true;
  const [p, g, next] = [parameter.storage.floats, gradient.storage.floats, newParameter.storage.floats];
  const [moved, learningRate] = [newSlot.storage.floats, rate.storage.floats[0] ?? 0];
  for (let i = 0; i < p.length; i++) {
    const [value, slot] = [p[i] as number, moved[i] as number];
    next[i] = value - learningRate * (nesterov ? (g[i] as number) + weightDecay * value + momentum * slot : slot);
  }
}

/** The step as primitives; whether oneDNN has them. A sum has fixed factors, so with dampening the loop makes the slot. */
function sgdByPrimitives(node: Node, build: Builder, tensors: SgdTensors): boolean {
  const { dnnl } = build;
  const { momentum, weightDecay } = numbersOf<"momentum" | "weightDecay">(node);
  const { parameter, gradient, slot, rate, share, newParameter, newSlot } = tensors;
  const [flat, one] = [dnnl.plain([sizeOf(the(node.outputs, 0).shape)]), dnnl.plain([1])];
  const terms = [
    ...(slot ? [{ tensor: slot, factor: momentum }] : []), // first, as the new slot may lie where it does
    { tensor: gradient, factor: 1 },
    ...(weightDecay === 0 ? [] : [{ tensor: parameter, factor: weightDecay }]),
  ];
  const factors = terms.map(({ factor }) => factor);
  const layouts = terms.map(() => flat);
  const sum = dnnl.describeSum(flat, layouts, factors);
  const product = dnnl.describe("binary", [ALGORITHM.multiply, flat, one, flat], { attribute: "accumulate" });
  if (!sum || !product) return false;
  const flatly = (tensor: Tensor): Tensor => build.alias(tensor, flat);
  const minusRate = build.scratch(one);
  let gradientShare = 1;
  build.step([rate, share, minusRate], () => {
    minusRate.storage.floats[0] = -(rate.storage.floats[0] ?? 0);
    gradientShare = share?.storage.floats[0] ?? 1;
  });
  build.primitive(sum, {
    reads: {},
    writes: { dst: flatly(newSlot) },
    list: terms.map(({ tensor }) => flatly(tensor)),
    unless: () => {
      if (!slot || gradientShare === 1) return false;
      moveSlot(node, tensors, gradientShare);
      return true;
    },
  });
  if (newParameter !== parameter) build.copy(parameter, newParameter);
  build.primitive(product, { reads: { src: flatly(newSlot), src1: minusRate }, writes: { dst: flatly(newParameter) } });
  return true;
}

/** adamStep in one pass over all tensors. */
export const adamStep: Kernel = (node, build) => {
  const operands = node.inputs.map((_, index) => build.readPlain(the(node.inputs, index)));
  const results = node.outputs.map((value) => build.writeUpdate(value));
  const { beta1, beta2, epsilon, weightDecay } = numbersOf<"beta1" | "beta2" | "epsilon" | "weightDecay">(node);
  const decoupled = node.attributes.decoupled === true;
  build.step([...operands, ...results], () => {
    const all = [...operands, ...results].map(({ storage }) => storage.floats);
    const [p, g, m, v, rate, correction1, correction2Root, nextP, nextM, nextV] = all as unknown as Tensors10;
    const learningRate = rate[0] as number;
    const stepSize = learningRate / (correction1[0] as number);
    const root = correction2Root[0] as number;
    const kept = decoupled ? 1 - learningRate * weightDecay : 1;
    const decay = decoupled ? 0 : weightDecay;
    for (let i = 0; i < p.length; i++) {
      const value = p[i] as number;
      const slope = (g[i] as number) + decay * value;
      const first = beta1 * (m[i] as number) + (1 - beta1) * slope;
      const second = beta2 * (v[i] as number) + (1 - beta2) * slope * slope;
      nextM[i] = first;
      nextV[i] = second;
      nextP[i] = kept * value - (stepSize * first) / (Math.sqrt(second) / root + epsilon);
    }
  });
};

type Floats = Float32Array;
type Tensors10 = [Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats];
