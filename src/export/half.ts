/** Weights of half the size. */
import { toFloat16 } from "../checkpoint/index.ts";
import { elementCode, type ModelRecord, type TensorRecord, tensorRecord } from "../onnx/model.ts";
import { operator } from "./image-model.ts";
import { numbersOf } from "./quantise/fold.ts";

/** Whether a constant is worth it: biases, statistics and what the writer made up are small, and need their digits. */
const isLarge = ({ name, kind, shape }: TensorRecord): boolean =>
  kind === "float32" && 2 <= shape.length && !name.startsWith("constant_");

/**
 * The graph with its weights as float16 under their own names, and a Cast of each, which ONNX Runtime does once when it opens
 * the model: so it computes in float32 on every processor, and the file is half as large.
 */
export function halveWeights(model: ModelRecord): ModelRecord {
  const large = model.initializers.filter(isLarge);
  const wide = new Map(large.map(({ name }) => [name, `${name}.float32`]));
  return {
    ...model,
    nodes: [
      ...Array.from(wide, ([name, output]) => operator("Cast", [name], output, { to: elementCode("float32") })),
      ...model.nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => wide.get(name) ?? name) })),
    ],
    initializers: model.initializers.map((record) =>
      wide.has(record.name)
        ? tensorRecord(record.name, "float16", { data: toFloat16(numbersOf(record)), shape: record.shape })
        : record,
    ),
  };
}
