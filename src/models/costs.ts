import { defineProgram } from "../graph/program.ts";
import { input, type Node, sizeOf } from "../graph/value.ts";
import { type Module, trace } from "../nn/index.ts";

/** Multiply-accumulates of a node: those of convolutions and linear layers, without biases, as torchvision counts. */
export function nodeMacs({ op, inputs, outputs }: Node): number {
  const weight = inputs[1];
  if ((op !== "conv2d" && op !== "linear") || !weight) return 0;
  return sizeOf(outputs[0]?.shape ?? []) * sizeOf(weight.shape.slice(1));
}

/** Multiply-accumulates of one forward pass of one image [C, H, W]. */
export function countMacs(network: Module, inputShape: readonly number[]): number {
  const { output } = trace(network, input("images", [1, ...inputShape]), { training: false });
  const { nodes } = defineProgram({ name: "forward pass", outputs: { logits: output } });
  return nodes.reduce((sum, node) => sum + nodeMacs(node), 0);
}
