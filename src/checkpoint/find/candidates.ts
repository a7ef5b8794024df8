/** Where in a file weights may be: every dictionary that has tensors by name, and every network that was pickled whole. */
import { entriesOf, ForeignObject, itemsOf } from "../pth/foreign.ts";
import type { PthValue } from "../pth/read.ts";
import { isStateTensor, type StateDict, type StateTensor } from "../tensor.ts";

/** Tensors by name somewhere in a file. */
export interface Candidate {
  /** The keys that lead there, joined by dots; empty for the file itself. */
  readonly path: string;
  readonly tensors: StateDict;
  /** By name, what is no tensor that can be read: the kind, such as `tensor of qint8`. */
  readonly foreign: ReadonlyMap<string, string>;
}

/** No checkpoint nests its weights deeper. */
const MAX_DEPTH = 8;
const MAX_VISITS = 20_000;
const MAX_LIST = 100;
/** No tensor has a longer name. */
const MAX_NAME = 1000;
/** Layers in layers, in a network that was pickled whole. */
const MAX_LAYERS = 100;
const MAX_PARTS = 200_000;

/** What an optimizer and the like keep: tensors too, but no weights. */
const NOT_WEIGHTS = /^(optim|lr_sched|sched|scaler|amp|grad|rng|callbacks|loops)/i;
/** Where checkpoints usually have the weights, the likeliest first. */
const USUAL = ["state_dict", "model_state_dict", "model", "net", "network", "weights", "params"];

/** All candidates, the likeliest first: by usual names, then by how many tensors there are, then in the order of the file. */
export function candidatesOf(value: PthValue): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<PthValue>();
  const room = { parts: MAX_PARTS };
  const waiting: { value: PthValue; path: string; depth: number }[] = [{ value, path: "", depth: 0 }];
  for (let at = 0; at < waiting.length && at < MAX_VISITS; at++) {
    const { value: given, path, depth } = waiting[at]!;
    const content = entriesOf(given) ?? given; // objects may share it
    if (seen.has(given) || seen.has(content)) continue;
    seen.add(given).add(content);
    const whole = networkParts(given, room);
    const candidate = whole ?? namedTensors(given);
    if (candidate && 0 < candidate.tensors.size + candidate.foreign.size) found.push({ path, ...candidate });
    if (whole || depth === MAX_DEPTH) continue;
    for (const [key, child] of childrenOf(given))
      waiting.push({ value: child, path: path === "" ? key : `${path}.${key}`, depth: depth + 1 });
  }
  const rank = ({ path }: Candidate): number => {
    const place = USUAL.indexOf(path.slice(path.lastIndexOf(".") + 1));
    return path === "" || place === -1 ? USUAL.length : place;
  };
  return found.sort((a, b) => rank(a) - rank(b) || b.tensors.size - a.tensors.size);
}

/** What may hold weights in a value: of a dictionary by text alone, for an optimizer's state is by number. */
function* childrenOf(value: PthValue): Generator<[key: string, child: PthValue]> {
  const entries = entriesOf(value);
  if (entries) {
    for (const [key, child] of entries)
      if (typeof key === "string" && isContainer(child) && !NOT_WEIGHTS.test(key)) yield [key, child];
    return;
  }
  const items = itemsOf(value) ?? [];
  if (items.length <= MAX_LIST)
    for (const [index, child] of items.entries()) if (isContainer(child)) yield [String(index), child];
}

const isContainer = (value: PthValue): boolean =>
  !isStateTensor(value) && (value instanceof Map || value instanceof ForeignObject || Array.isArray(value));

type Named = Pick<Candidate, "tensors" | "foreign">;

/** The tensors that a dictionary has by name. */
function namedTensors(value: PthValue): Named | undefined {
  const entries = entriesOf(value);
  if (!entries) return undefined;
  const tensors = new Map<string, StateTensor>();
  const foreign = new Map<string, string>();
  for (const [name, item] of entries) {
    if (!isName(name)) continue;
    if (isStateTensor(item)) tensors.set(name, plain(item));
    else if (isForeignTensor(item)) foreign.set(name, item.type);
    else if (name.endsWith("_packed_params")) foreign.set(name, "packed, quantised layer");
  }
  return { tensors, foreign };
}

const isForeignTensor = (value: PthValue): value is ForeignObject =>
  value instanceof ForeignObject && /tensor/i.test(value.type) && !/^torch\.(?:\w*Tensor)$/.test(value.type);

const plain = ({ dtype, shape, data }: StateTensor): StateTensor => ({ dtype, shape, data });

/** The parameters and buffers of a network that was pickled whole, under the names of its state dict. */
function networkParts(value: PthValue, room: { parts: number }): Named | undefined {
  if (!(value instanceof ForeignObject) || !isLayer(value)) return undefined;
  const tensors = new Map<string, StateTensor>();
  const foreign = new Map<string, string>();
  const visit = (object: PthValue, prefix: string, depth: number): void => {
    if (room.parts < 0 || MAX_LAYERS < depth || MAX_NAME < prefix.length) return;
    const layer = layerOf(object, room);
    if (!layer) return;
    for (const [key, item] of layer.tensors) {
      if (isStateTensor(item)) tensors.set(prefix + key, plain(item));
      else if (isForeignTensor(item)) foreign.set(prefix + key, item.type);
    }
    for (const [key, child] of layer.children) visit(child, `${prefix}${key}.`, depth + 1);
  };
  visit(value, "", 0);
  return { tensors, foreign };
}

interface Layer {
  readonly tensors: readonly (readonly [name: string, value: PthValue])[];
  readonly children: readonly (readonly [name: string, value: PthValue])[];
}

/** Whether an object is of a network that was pickled whole. */
const isLayer = ({ type, state }: ForeignObject): boolean =>
  state instanceof Map && (state.get("_modules") instanceof Map || type.startsWith("__torch__."));

/** The parts of a layer: an `nn.Module` has them in dictionaries of their own, one of TorchScript among its attributes. */
function layerOf(value: PthValue, room: { parts: number }): Layer | undefined {
  if (!(value instanceof ForeignObject) || !isLayer(value)) return undefined;
  const attributes = value.state as ReadonlyMap<PthValue, PthValue>;
  const modules = attributes.get("_modules");
  if (modules instanceof Map) {
    const passing = new Set((itemsOf(attributes.get("_non_persistent_buffers_set")) ?? []).filter(isName));
    room.parts -= passing.size;
    const kept = named(attributes.get("_buffers"), room).filter(([name]) => !passing.has(name));
    return { tensors: [...named(attributes.get("_parameters"), room), ...kept], children: named(modules, room) };
  }
  const own = named(attributes, room);
  return {
    tensors: own.filter(([, item]) => isStateTensor(item) || isForeignTensor(item)),
    children: own.filter(([, item]) => item instanceof ForeignObject && item.type.startsWith("__torch__.")),
  };
}

const isName = (key: PthValue): key is string => typeof key === "string" && key.length <= MAX_NAME;

/** The entries of a dictionary that have names; each visit of a part takes room. */
function named(value: PthValue, room: { parts: number }): [string, PthValue][] {
  if (!(value instanceof Map)) return [];
  room.parts -= value.size + 1;
  if (room.parts < 0) return [];
  return [...value].filter((entry): entry is [string, PthValue] => isName(entry[0]));
}
