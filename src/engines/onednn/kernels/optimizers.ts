import type { Node } from "../../../graph/value.ts";
import type { Tensor } from "../tensor.ts";
import { type Kernel, the } from "./kernel.ts";

type Attributes<Names extends string> = Readonly<Record<Names, number>>;

const numbersOf = <Names extends string>({ attributes }: Node): Attributes<Names> =>
  attributes as unknown as Attributes<Names>;

/** sgdStep in one pass over all tensors. */
export const sgdStep: Kernel = (node, build) => {
  const [parameter, gradient, slot, rate, share] = node.inputs.map((value) => value && build.readPlain(value));
  const [newParameter, newSlot] = [0, 1].map((index) => build.writeUpdate(the(node.outputs, index))) as [
    Tensor,
    Tensor,
  ];
  const { momentum, weightDecay } = numbersOf<"momentum" | "weightDecay">(node);
  const nesterov = node.attributes.nesterov === true;
  build.step([parameter, gradient, slot, rate, share, newParameter, newSlot], () => {
    const [p, g] = [parameter, gradient].map((tensor) => tensor?.storage.floats ?? new Float32Array()) as [
      Float32Array,
      Float32Array,
    ];
    const [learningRate = 0, gradientShare = 0] = [rate, share].map((tensor) => tensor?.storage.floats[0]);
    const [nextP, nextB] = [newParameter.storage.floats, newSlot.storage.floats];
    const b = slot?.storage.floats;
    for (let i = 0; i < p.length; i++) {
      const value = p[i] as number;
      const decayed = (g[i] as number) + weightDecay * value;
      const moved = b ? momentum * (b[i] as number) + gradientShare * decayed : decayed;
      nextB[i] = moved;
      nextP[i] = value - learningRate * (nesterov ? decayed + momentum * moved : moved);
    }
  });
};

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
