/** Weights in any of the formats that are read; the content tells which it is, not the name. */
import { type ByteSource, readSource } from "./byte-source.ts";
import { type Candidate, candidatesOf } from "./find/candidates.ts";
import { otherFormat } from "./other-formats.ts";
import { headOf, type PthValue, pthForm } from "./pth/read.ts";
import { decodeSafetensorsSource, isSafetensors } from "./safetensors.ts";
import { likeliest } from "./state-dict.ts";
import type { StateDict } from "./tensor.ts";

/** The formats of weights. */
type WeightsFormat = "pth" | "safetensors" | "onnx";

/** What a file of weights holds. */
export interface WeightsFile {
  readonly format: WeightsFormat;
  /** The network's tensors, under its own names: the likeliest, where it is not known what network it is. */
  readonly state: StateDict;
  /** All that may be weights. */
  readonly candidates: readonly Candidate[];
  /** What else it says by name: the entries of a checkpoint (with `state_dict` itself), or texts. */
  readonly entries: ReadonlyMap<PthValue, PthValue>;
}

/** The first bytes of an ONNX model: the tag of its version, which comes first, and the version. */
const isOnnx = (head: Uint8Array): boolean => head[0] === 0x08 && 0 < head[1]! && head[1]! < 0x40;

/**
 * Reads the weights in a `.pth` file of any age, a `.safetensors` file, or an ONNX model of ocelli. A file that is not
 * there, damaged or of another format is a `UserError`.
 */
export async function readWeights(path: string): Promise<WeightsFile> {
  const kind = KINDS[(await weightsFormat(path)) ?? "any"];
  return readSource(path, kind, (source) => decodeWeights(source, path));
}

const KINDS = {
  pth: "a .pth file",
  safetensors: "a .safetensors file",
  onnx: "an ONNX model",
  any: "a file of weights (.pth, .safetensors or .onnx)",
} as const;

/** What format a file is of, by its content; undefined if it is of none, or cannot be read. */
export async function weightsFormat(path: string): Promise<WeightsFormat | undefined> {
  try {
    return await readSource(path, "a file of weights", (source) => formatOf(headOf(source), source.size));
  } catch {
    return undefined; // whoever reads it says why
  }
}

/** Whether a file is an ONNX model: by its content, or by its name where the content is of nothing that is known. */
export async function isOnnxModel(path: string): Promise<boolean> {
  const format = await weightsFormat(path);
  return format === "onnx" || (format === undefined && path.endsWith(".onnx"));
}

function formatOf(head: Uint8Array, size: number): WeightsFormat | undefined {
  if (pthForm(head)) return "pth";
  return isSafetensors(head, size) ? "safetensors" : isOnnx(head) ? "onnx" : undefined;
}

async function decodeWeights(source: ByteSource, file: string): Promise<WeightsFile> {
  const head = headOf(source);
  const format = formatOf(head, source.size);
  if (format === undefined) throw otherFormat(head);
  if (format === "pth") {
    const value = pthForm(head)?.(source);
    const candidates = candidatesOf(value);
    const entries = value instanceof Map ? value : new Map();
    return { format, candidates, state: likeliest(candidates, file), entries };
  }
  // what reads models is loaded where there is one
  const { state, metadata } =
    format === "onnx"
      ? (await import("./onnx-weights.ts")).decodeOnnxWeights(source, file)
      : decodeSafetensorsSource(source);
  const candidates = [{ path: "", tensors: state, foreign: new Map() }];
  return { format, candidates, state: likeliest(candidates, file), entries: new Map(Object.entries(metadata)) };
}
