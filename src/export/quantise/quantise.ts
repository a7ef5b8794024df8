/** A graph whose layers compute on bytes, in ONNX's form for it: QuantizeLinear and DequantizeLinear around each. */
import type { ModelRecord, NodeRecord, TensorRecord } from "../../onnx/model.ts";
import { tensorRecord } from "../../onnx/model.ts";
import { operator } from "../image-model.ts";
import { numbersOf } from "./fold.ts";
import { isHeavy, type QuantisationPlan } from "./plan.ts";

/** The smallest and largest value of a tensor on real pictures. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Values as bytes: value = scale·(byte − zero). */
interface Steps {
  readonly scale: number;
  readonly zero: number;
}

const LARGEST_BYTE = 255;
/**
 * Weights are −64..64: seven bits, since processors without VNNI add two products of eight bits and eight bits in sixteen,
 * which overflows. The same file then gives the same answers everywhere.
 */
const LARGEST_WEIGHT = 64;
const LARGEST_INT32 = 2 ** 31 - 1;

/** Steps of a range that has 0 as one of its bytes, so that padding and relu are exact. */
function stepsOf({ min, max }: Range): Steps {
  const low = Math.min(0, min);
  const scale = Math.fround((Math.max(0, max) - low) / LARGEST_BYTE) || 1;
  return { scale, zero: Math.min(LARGEST_BYTE, Math.round(-low / scale)) };
}

/** The graph of `plan` with the ranges that were found for its tensors. The model's batch normalisation is folded already. */
export function quantise(model: ModelRecord, plan: QuantisationPlan, ranges: ReadonlyMap<string, Range>): ModelRecord {
  const stepsFor = (tensor: string): Steps => stepsOf(ranges.get(plan.rangeOf(tensor)) ?? { min: 0, max: 0 });
  const constants = new Map(model.initializers.map((record) => [record.name, record]));
  const written: TensorRecord[] = [];
  const nodes: NodeRecord[] = [];
  const add = (tensor: string): void => {
    const { scale, zero } = stepsFor(tensor);
    const steps = [`constant_${tensor}.scale`, `constant_${tensor}.zero`] as const;
    written.push(tensorRecord(steps[0], "float32", { data: [scale], shape: [] }));
    written.push(tensorRecord(steps[1], "uint8", { data: [zero], shape: [] }));
    nodes.push(operator("QuantizeLinear", [tensor, ...steps], `${tensor}.bytes`));
    nodes.push(operator("DequantizeLinear", [`${tensor}.bytes`, ...steps], `${tensor}.steps`));
  };
  for (const { name } of model.inputs) if (plan.tensors.has(name)) add(name);
  const removed = new Set(plan.removedRelus.values());
  for (const node of model.nodes) {
    if (node.opType === "Relu" && removed.has(node.outputs[0] ?? "")) continue;
    const outputs = node.outputs.map((name) => plan.removedRelus.get(name) ?? name);
    const [x = "", weight = "", bias = ""] = node.inputs;
    const layer = isHeavy(node) && plan.tensors.has(x) ? constants.get(weight) : undefined;
    const inputs = node.inputs.map((name) => (plan.tensors.has(name) ? `${name}.steps` : name));
    if (layer) {
      const made = quantiseLayer(layer, constants.get(bias), stepsFor(x).scale);
      nodes.push(...made.nodes);
      written.push(...made.initializers);
      inputs.splice(1, 2, ...made.nodes.map(({ outputs: [name = ""] }) => name));
    }
    nodes.push({ ...node, inputs, outputs });
    for (const name of outputs) if (plan.tensors.has(name)) add(name);
  }
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return { ...model, nodes, initializers: [...model.initializers.filter(({ name }) => used.has(name)), ...written] };
}

/** A layer's weight in steps of its own for each output channel, and its bias in those of the sums. */
function quantiseLayer(
  weight: TensorRecord,
  bias: TensorRecord | undefined,
  inputScale: number,
): { nodes: NodeRecord[]; initializers: TensorRecord[] } {
  const numbers = numbersOf(weight);
  const channels = weight.shape[0] ?? 1;
  const size = numbers.length / channels;
  const scales = Float32Array.from({ length: channels }, (_, c) => {
    const largest = numbers
      .subarray(c * size, (c + 1) * size)
      .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largest / LARGEST_WEIGHT || 1;
  });
  const bytes = numbers.map((value, i) => Math.round(value / (scales[Math.floor(i / size)] ?? 1)));
  const sumScales = scales.map((scale) => scale * inputScale);
  const parts = [vectorOf(weight.name, "int8", { data: bytes, shape: weight.shape, scales })];
  if (bias) {
    const sums = Array.from(numbersOf(bias), (value, c) =>
      Math.max(-LARGEST_INT32, Math.min(LARGEST_INT32, Math.round(value / (sumScales[c] ?? 1)))),
    );
    parts.push(vectorOf(bias.name, "int32", { data: sums, shape: bias.shape, scales: sumScales }));
  }
  return { nodes: parts.map(({ node }) => node), initializers: parts.flatMap(({ initializers }) => initializers) };
}

/** A constant in steps that differ along its first axis, and the node that gives its values. */
function vectorOf(
  name: string,
  kind: "int8" | "int32",
  { data, shape, scales }: { data: ArrayLike<number>; shape: readonly number[]; scales: Float32Array },
): { node: NodeRecord; initializers: TensorRecord[] } {
  const [numbers, scale, zero] = [`${name}.${kind}`, `constant_${name}.scale`, `constant_${name}.zero`];
  return {
    node: operator("DequantizeLinear", [numbers, scale, zero], `${name}.steps`, { axis: 0 }),
    initializers: [
      tensorRecord(numbers, kind, { data, shape }),
      tensorRecord(scale, "float32", { data: scales, shape: [scales.length] }),
      tensorRecord(zero, kind, { data: new Int8Array(scales.length), shape: [scales.length] }),
    ],
  };
}
