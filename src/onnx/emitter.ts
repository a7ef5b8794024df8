import type { Shape } from "../graph/value.ts";
import { type AttributeValue, type NodeRecord, type TensorRecord, tensorRecord } from "./model.ts";
import type { TakenRows } from "./rows.ts";

/** What a graph is written for. */
export interface Target {
  /** Whether ONNX Runtime's own operators, of the domain `com.microsoft`, may be used. */
  readonly contrib: boolean;
  /** Channels in one block of ONNX Runtime's blocked layout (8 or 16); 0 where it has none. See `blocked.ts`. */
  readonly block: number;
  /** Names of algorithms by `algorithmKey`; an op without one is written as is best by rule. */
  readonly algorithms?: ReadonlyMap<string, string>;
  /**
   * Whether the first size of what a Program takes and gives, the batch's, is free in the model. For Programs that only
   * change the other sizes, as forward passes do.
   */
  readonly freeBatch?: boolean;
}

/** The operators of ONNX itself. */
export const STANDARD: Target = { contrib: false, block: 0 };

/** The same for batches of any size. */
export const STANDARD_ANY_BATCH: Target = { ...STANDARD, freeBatch: true };

/** Attributes of an ONNX node; integers stay integers, so give floats through `float`. */
export type NodeAttributes = Readonly<Record<string, AttributeValue | undefined>>;

/** What a kernel writes its nodes with. Names are those of ONNX tensors; an absent operand is "". */
export interface Emitter {
  readonly target: Target;
  /** Whether the tensor of that name is a variable that is a constant of the model. */
  isConstant(name: string): boolean;
  /** By the name of a tensor, the name of the same tensor in the blocked layout, where that is what was computed. */
  readonly blocked: Map<string, string>;
  /** By the name of a blocked image that a line in each channel gave, how, so that a sum or a relu can be done along. */
  readonly affines: Map<string, ChannelAffine>;
  /** By the name of a tensor, the name of the same one as a vector; see `flat.ts`. */
  readonly flat: Map<string, string>;
  /** By `algorithmKey`, the name of the algorithm that was taken. */
  readonly algorithms: Map<string, string>;
  /** By the name of a tensor, which rows of which other tensor it is. */
  readonly taken: Map<string, TakenRows>;
  /** By the name of a tensor, the name of a smaller one with the same sums over each channel. */
  readonly sameSums: Map<string, string>;
  /** Adds a node and returns the name of its first output. The same node asked for twice is added once. */
  emit(opType: string, inputs: readonly string[], attributes?: NodeAttributes): string;
  /** Adds a node of several outputs or of another domain and returns the names of its outputs. */
  emitAll(opType: string, inputs: readonly string[], options: EmitOptions): readonly string[];
  /** Name of a float32 constant. */
  floats(data: ArrayLike<number>, shape: Shape): string;
  /** Name of an int64 vector, as shapes and axes are given. */
  int64s(values: readonly number[]): string;
  /** Name of an int32 constant; `key` names the content of a large one, which is then not compared. */
  int32s(data: ArrayLike<number>, shape: Shape, key?: string): string;
  /** Name of a float32 scalar. */
  number(value: number): string;
}

/** scale·x + shift (+ sum) of a blocked image, then perhaps relu; see `affine.ts`. */
export interface ChannelAffine {
  readonly x: string;
  readonly channels: number;
  /** Names of vectors [C]. */
  readonly scale: string;
  readonly shift: string;
  /** A blocked image of x's shape. */
  readonly sum?: string;
  readonly relu?: boolean;
}

/** Attributes, number of outputs (1) and domain ("") of a node. */
export interface EmitOptions {
  readonly attributes?: NodeAttributes;
  readonly outputs?: number;
  readonly domain?: string;
}

/** A float attribute: ONNX tells 1 from 1.0. */
export const float = (value: number): { readonly float: number } => ({ float: value });

/** The nodes and constants that were emitted. */
export interface Emission {
  readonly emitter: Emitter;
  readonly nodes: readonly NodeRecord[];
  readonly initializers: readonly TensorRecord[];
}

// one character for each byte: equal texts are equal bytes, so that NaN, infinities and −0 are kept apart
const byteText = new TextDecoder("latin1");

/** A new, empty graph. */
export function createEmission(target: Target, isConstant: Emitter["isConstant"] = () => false): Emission {
  const nodes: NodeRecord[] = [];
  const initializers: TensorRecord[] = [];
  const known = new Map<string, readonly string[]>();

  const emitAll = (opType: string, inputs: readonly string[], options: EmitOptions): readonly string[] => {
    const { attributes = {}, outputs = 1, domain = "" } = options;
    const key = JSON.stringify([domain, opType, inputs, attributes, outputs]);
    const found = known.get(key);
    if (found) return found;
    const base = `${opType}_${nodes.length}`;
    const names = Array.from({ length: outputs }, (_, index) => (index === 0 ? base : `${base}.${index}`));
    nodes.push({ name: base, opType, domain, inputs, outputs: names, attributes });
    known.set(key, names);
    return names;
  };
  const constant = (kind: TensorRecord["kind"], data: ArrayLike<number>, shape: Shape, content?: string): string => {
    const name = `constant_${initializers.length}`;
    const record = content === undefined ? tensorRecord(name, kind, { data, shape }) : undefined;
    const key = `${kind} [${shape}] ${record ? byteText.decode(record.bytes) : `of ${content}`}`;
    const [found] = known.get(key) ?? [];
    if (found) return found;
    initializers.push(record ?? tensorRecord(name, kind, { data, shape }));
    known.set(key, [name]);
    return name;
  };
  const emitter: Emitter = {
    target,
    isConstant,
    blocked: new Map(),
    affines: new Map(),
    flat: new Map(),
    algorithms: new Map(),
    taken: new Map(),
    sameSums: new Map(),
    emitAll,
    emit: (opType, inputs, attributes = {}) => emitAll(opType, inputs, { attributes })[0] ?? "",
    floats: (data, shape) => constant("float32", data, shape),
    int64s: (values) => constant("int64", values, [values.length]),
    int32s: (data, shape, key) => constant("int32", data, shape, key),
    number: (value) => constant("float32", [value], []),
  };
  return { emitter, nodes, initializers };
}
