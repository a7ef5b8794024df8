/** Which values the tensors of a graph take on real pictures. */
import { openModelFile } from "../../engines/onnx/model-file.ts";
import { lookup } from "../../lookup.ts";
import { encodeModel, type ModelRecord } from "../../onnx/model.ts";
import { operator, PORTS } from "../image-model.ts";
import type { Range } from "./quantise.ts";

const smallest = (tensor: string): string => `smallest:${tensor}`;
const largest = (tensor: string): string => `largest:${tensor}`;

/** The graph with the smallest and largest value of each tensor as its outputs. */
function withExtremes(model: ModelRecord, tensors: Iterable<string>): ModelRecord {
  const names = [...tensors];
  return {
    ...model,
    nodes: [
      ...model.nodes,
      ...names.flatMap((name) => [
        operator("ReduceMin", [name], smallest(name), { keepdims: 0 }),
        operator("ReduceMax", [name], largest(name), { keepdims: 0 }),
      ]),
    ],
    outputs: names.flatMap((name) =>
      [smallest(name), largest(name)].map((output) => ({ name: output, kind: "float32", shape: [] }) as const),
    ),
  };
}

/**
 * The range of each tensor: the mean over pictures of its smallest and largest value, so that a single odd picture does not
 * make all steps coarse. `pictures` are bytes [1, H, W, C].
 */
export async function findRanges(
  model: ModelRecord,
  tensors: ReadonlySet<string>,
  { pictures, threads }: { pictures: readonly Uint8Array<ArrayBuffer>[]; threads: number },
): Promise<Map<string, Range>> {
  const bytes = encodeModel(withExtremes(model, tensors));
  const file = await openModelFile("calibration", { bytes, threads });
  const sums = new Map([...tensors].map((name) => [name, { min: 0, max: 0 }]));
  try {
    const shape = [1, ...(file.inputs[0]?.shape ?? []).slice(1).map(Number)];
    for (const data of pictures) {
      const found = await file.run({ [PORTS.pixels]: { type: "uint8", shape, data } });
      for (const [name, sum] of sums) {
        sum.min += Number(lookup(found, smallest(name))?.data[0]) / pictures.length;
        sum.max += Number(lookup(found, largest(name))?.data[0]) / pictures.length;
      }
    }
    return sums;
  } finally {
    await file.close();
  }
}
