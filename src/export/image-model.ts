/** A network with its preprocessing as one ONNX graph: bytes in, probabilities and logits out. */
import { toFloat32 } from "../checkpoint/index.ts";
import { STANDARD_ANY_BATCH } from "../onnx/emitter.ts";
import { lowerProgram } from "../onnx/lower.ts";
import { elementCode, type ModelRecord, type NodeRecord, type TensorRecord, tensorRecord } from "../onnx/model.ts";
import { inferenceProgram, inputShapeOf, type LoadedModel, type ModelInput } from "../training/index.ts";

/** Names of what the graph takes and gives. */
export const PORTS = { pixels: "pixels", probabilities: "probabilities", logits: "logits" } as const;

/** Name of the network's own input, [N, C, H, W]. */
const IMAGES = "images";
const LARGEST_BYTE = 255;

/**
 * The graph of a model for batches of any size, of ONNX's own operators alone:
 *
 * - `pixels` uint8 [N, H, W, C]: the crop of the size that the network takes
 * - `probabilities`, `logits` float32 [N, classes]
 *
 * Weights have their names in the state dict. With `exact` the network's input is to the last bit what it is in training;
 * without it each pixel is multiplied once and nothing divided, which is faster.
 */
export function imageModel(
  model: Pick<LoadedModel, "name" | "network" | "weights" | "inputShape" | "input">,
  { exact = true }: { exact?: boolean } = {},
): ModelRecord {
  const { name, network, weights, inputShape, input } = model;
  const [channels, height, width] = inputShape;
  const constants = new Map(Array.from(weights, ([key, tensor]) => [key, toFloat32(tensor)]));
  const { model: forward } = lowerProgram(inferenceProgram(network, { inputShape, batchSize: 1 }), {
    target: STANDARD_ANY_BATCH,
    constants,
  });
  const before = normalising(input, exact);
  const [logits] = forward.outputs;
  if (!logits) throw new Error("expected a forward pass that gives logits");
  return {
    ...forward,
    name,
    nodes: [...before.nodes, ...forward.nodes, operator("Softmax", [PORTS.logits], PORTS.probabilities, { axis: 1 })],
    initializers: [...before.initializers, ...forward.initializers],
    inputs: [{ name: PORTS.pixels, kind: "uint8", shape: ["N", height, width, channels] }],
    outputs: [{ ...logits, name: PORTS.probabilities }, logits],
  };
}

/** A node of ONNX's own, called as its output. */
export const operator = (
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeRecord["attributes"] = {},
): NodeRecord => ({ name: output, opType, domain: "", inputs, outputs: [output], attributes });

type Step = readonly [opType: "Div" | "Mul" | "Sub", perChannel: TensorRecord];

/** What is done to the pixels as floats [N, C, H, W]. */
function stepsOf(input: ModelInput, exact: boolean): Step[] {
  if (input.kind === "pixels" && input.rawPixels) return [];
  const [channels] = inputShapeOf(input);
  const perChannel = (name: string, data: readonly number[]): TensorRecord =>
    tensorRecord(`constant_${name}`, "float32", { data, shape: [1, channels, 1, 1] });
  const byte: Step = ["Div", perChannel("byte", Array(channels).fill(LARGEST_BYTE))];
  if (input.kind === "pixels") return [byte];
  const { mean, std } = input;
  if (exact) return [byte, ["Sub", perChannel("mean", mean)], ["Div", perChannel("std", std)]];
  const scales = std.map((deviation) => 1 / (LARGEST_BYTE * deviation));
  const shifts = std.map((deviation, channel) => (mean[channel] ?? 0) / deviation);
  return [
    ["Mul", perChannel("scale", scales)],
    ["Sub", perChannel("shift", shifts)],
  ];
}

/** From the pixels to the network's input. */
function normalising(input: ModelInput, exact: boolean): { nodes: NodeRecord[]; initializers: TensorRecord[] } {
  const steps = stepsOf(input, exact);
  const names = steps.map((_, index) => (index === steps.length - 1 ? IMAGES : `${IMAGES}.${index}`));
  const floats = steps.length === 0 ? IMAGES : `${PORTS.pixels}.floats`;
  return {
    nodes: [
      operator("Transpose", [PORTS.pixels], `${PORTS.pixels}.planes`, { perm: [0, 3, 1, 2] }),
      operator("Cast", [`${PORTS.pixels}.planes`], floats, { to: elementCode("float32") }),
      ...steps.map(([opType, { name }], index) =>
        operator(opType, [names[index - 1] ?? floats, name], names[index] ?? IMAGES),
      ),
    ],
    initializers: steps.map(([, constant]) => constant),
  };
}
