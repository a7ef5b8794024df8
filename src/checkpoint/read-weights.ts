/** Weights in any of the formats that are read; the content tells which it is, not the name. */
import { type ByteSource, readSource } from "./byte-source.ts";
import { FormatError } from "./format-error.ts";
import { decodeOnnxWeights, isOnnx } from "./onnx-weights.ts";
import { describeOther, headOf, type PthValue, pthForm } from "./pth/read.ts";
import { decodeSafetensorsSource, isSafetensors } from "./safetensors.ts";
import { networkNames, stateDictOf } from "./state-dict.ts";
import type { StateDict } from "./tensor.ts";

/** What a file of weights holds. */
export interface WeightsFile {
  readonly format: "pth" | "safetensors" | "onnx";
  /** The network's tensors, under its own names. */
  readonly state: StateDict;
  /** What else it says by name: the entries of a checkpoint (with `state_dict` itself), or texts. */
  readonly entries: ReadonlyMap<PthValue, PthValue>;
}

/**
 * Reads the weights in a `.pth` file of any age, a `.safetensors` file, or an ONNX model of ocelli. A file that is not
 * there, damaged or of another format is a `UserError`.
 */
export const readWeights = async (path: string): Promise<WeightsFile> =>
  readSource(path, "a file of weights (.pth, .safetensors or .onnx)", (source) => decodeWeights(source, path));

function decodeWeights(source: ByteSource, file: string): WeightsFile {
  const head = headOf(source);
  const decodePth = pthForm(head);
  if (decodePth) {
    const value = decodePth(source);
    return { format: "pth", state: stateDictOf(value, file), entries: value instanceof Map ? value : new Map() };
  }
  const format = isSafetensors(head, source.size) ? "safetensors" : isOnnx(head) ? "onnx" : undefined;
  if (format === undefined) throw new FormatError(describeOther(head));
  const { state, metadata } = format === "onnx" ? decodeOnnxWeights(source, file) : decodeSafetensorsSource(source);
  return { format, state: networkNames(state), entries: new Map(Object.entries(metadata)) };
}
