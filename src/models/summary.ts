/** What a network consists of, as its graph shows it. */
import { defineProgram } from "../graph/program.ts";
import { input, type Node, type Shape, sizeOf } from "../graph/value.ts";
import { type Module, type NetworkTensor, tensorsOf, trace } from "../nn/index.ts";
import { nodeMacs } from "./costs.ts";

/** One layer, or one operation that has no parameters. */
export interface LayerSummary {
  /** Its name in the state dict, such as `layer1.0.conv1`; null for an operation without tensors, such as relu. */
  readonly name: string | null;
  /** Such as `conv2d`. */
  readonly kind: string;
  /** Of one image, without the batch; null for a layer of an auxiliary classifier, which is there in training alone. */
  readonly outputShape: Shape | null;
  readonly parameters: number;
  /** Those of them that training changes. */
  readonly trainable: number;
  /** Multiply-accumulates for one image. */
  readonly macs: number;
}

/** A network in figures. */
export interface NetworkSummary {
  /** Channels, height, width. */
  readonly inputShape: Shape;
  /** In the order in which an image passes them; those of training alone come last. */
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly trainable: number;
  /**
   * Multiply-accumulates of one forward pass of one image: those of convolutions and linear layers, without their biases;
   * half as many floating-point operations as are often given. The convention of torchvision's figures.
   */
  readonly macs: number;
  /** Bytes of a state dict's tensors: parameters and buffers, 4 a float32, 8 a counter. */
  readonly weightsBytes: number;
}

const layerOf = (tensor: string): string => tensor.slice(0, Math.max(0, tensor.lastIndexOf(".")));

/** The layer whose tensors a node reads. */
function layerRead({ inputs }: Node): string | undefined {
  const [name] = inputs.flatMap((value) => (value?.source.kind === "variable" ? [value.source.variable.name] : []));
  return name === undefined ? undefined : layerOf(name);
}

/** Kinds of all layers by name. */
const kindsOf = (part: Module<unknown>, name = ""): [string, string][] => [
  [name, part.kind],
  ...Object.entries(part.children).flatMap(([child, inner]) =>
    kindsOf(inner, name === "" ? child : `${name}.${child}`),
  ),
];

const countOf = (tensors: readonly NetworkTensor[]): number =>
  tensors.reduce((sum, { spec }) => sum + sizeOf(spec.shape), 0);

/** Layers and totals of `network` for images of `inputShape` [C, H, W]; `isFrozen` says which parameters keep their values. */
export function summariseNetwork(
  network: Module,
  inputShape: Shape,
  isFrozen: (parameter: string) => boolean = () => false,
): NetworkSummary {
  const tensors = tensorsOf(network);
  const kinds = new Map(kindsOf(network));
  const { output } = trace(network, input("images", [1, ...inputShape]), { training: false });
  const { nodes } = defineProgram({ name: "forward pass", outputs: { logits: output } });

  const named = (name: string, passed?: Node): LayerSummary => {
    const own = tensors.filter((tensor) => tensor.role === "parameter" && layerOf(tensor.name) === name);
    return {
      name,
      kind: kinds.get(name) ?? "",
      outputShape: passed?.outputs[0]?.shape.slice(1) ?? null,
      parameters: countOf(own),
      trainable: countOf(own.filter((tensor) => !isFrozen(tensor.name))),
      macs: passed ? nodeMacs(passed) : 0,
    };
  };
  const passed = nodes.map((node): LayerSummary => {
    const name = layerRead(node);
    if (name !== undefined) return named(name, node);
    const outputShape = node.outputs[0]?.shape.slice(1) ?? null;
    return { name: null, kind: node.op, outputShape, parameters: 0, trainable: 0, macs: 0 };
  });
  const seen = new Set(passed.map(({ name }) => name));
  const unseen = [...new Set(tensors.map(({ name }) => layerOf(name)))].filter((name) => !seen.has(name));
  return totalled(inputShape, [...passed, ...unseen.map((name) => named(name))], tensors);
}

const BYTES = { float32: 4, int64: 8 } as const;

function totalled(inputShape: Shape, layers: readonly LayerSummary[], tensors: readonly NetworkTensor[]) {
  const total = (of: "parameters" | "trainable" | "macs"): number => layers.reduce((sum, layer) => sum + layer[of], 0);
  const bytes = tensors.map(({ spec }) => sizeOf(spec.shape) * BYTES[spec.dtype ?? "float32"]);
  return {
    ...{ inputShape, layers, parameters: total("parameters"), trainable: total("trainable"), macs: total("macs") },
    weightsBytes: bytes.reduce((sum, size) => sum + size, 0),
  };
}
