import { fanIn, pytorchDefault } from "./initialisers.ts";
import type { Module, TensorSpecs } from "./module.ts";

/**
 * The network with other last layers: each of `heads`, names of linear layers or convolutions such as `classifier.6`, has
 * `classes` outputs and first weights as a plain layer of PyTorch has them. Everything else stays as it was.
 */
export function withNewHead(network: Module, heads: readonly string[], classes: number): Module {
  return heads.reduce((changed, head) => replaced(changed, head.split("."), head, classes), network);
}

function replaced<Output>(
  part: Module<Output>,
  [name, ...rest]: readonly string[],
  head: string,
  classes: number,
): Module<Output> {
  // a layer's sizes stand in the specs of its tensors and nowhere else
  if (name === undefined) return { ...part, parameters: plainSpecs(part.parameters, head, classes) };
  const child = part.children[name];
  if (!child) throw new Error(`the network has no layer "${head}"`);
  return { ...part, children: { ...part.children, [name]: replaced(child, rest, head, classes) } };
}

function plainSpecs({ weight, bias }: TensorSpecs, head: string, classes: number): TensorSpecs {
  if (!weight) throw new Error(`layer "${head}" has no weight`);
  const initialise = pytorchDefault(fanIn(weight.shape));
  return {
    weight: { shape: [classes, ...weight.shape.slice(1)], initialise },
    ...(bias && { bias: { shape: [classes], initialise } }),
  };
}
