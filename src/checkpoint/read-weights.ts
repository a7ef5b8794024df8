/** Weights in any of the formats that are read; the content tells which it is, not the name. */
import { type ByteSource, readSource } from "./byte-source.ts";
import { FormatError } from "./format-error.ts";
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

/** The first byte of an ONNX model: the tag of its version, which comes first. */
const isOnnx = (head: Uint8Array): boolean => head[0] === 0x08;

/**
 * Reads the weights in a `.pth` file of any age, a `.safetensors` file, or an ONNX model of ocelli. A file that is not
 * there, damaged or of another format is a `UserError`.
 */
export const readWeights = async (path: string): Promise<WeightsFile> =>
  readSource(path, "a file of weights (.pth, .safetensors or .onnx)", (source) => decodeWeights(source, path));

async function decodeWeights(source: ByteSource, file: string): Promise<WeightsFile> {
  const head = headOf(source);
  const decodePth = pthForm(head);
  if (decodePth) {
    const value = decodePth(source);
    return { format: "pth", state: stateDictOf(value, file), entries: value instanceof Map ? value : new Map() };
  }
  const format = isSafetensors(head, source.size) ? "safetensors" : isOnnx(head) ? "onnx" : undefined;
  if (format === undefined) throw new FormatError(describeOther(head));
  // what reads models is loaded where there is one
  const { state, metadata } =
    format === "onnx"
      ? (await import("./onnx-weights.ts")).decodeOnnxWeights(source, file)
      : decodeSafetensorsSource(source);
  return { format, state: networkNames(state), entries: new Map(Object.entries(metadata)) };
}
