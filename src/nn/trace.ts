/** Tracing: a module applied to inputs, which makes the graph of its forward pass. */
import type { Update } from "../graph/program.ts";
import { read, type Value, type Variable } from "../graph/value.ts";
import type { Module } from "./module.ts";

/** How a forward pass is to be made. */
export interface TraceOptions {
  /** Whether dropout drops and batch normalisation uses the batch's statistics. */
  readonly training: boolean;
  /** The key of dropout masks, int32 [4]; needed in training by networks with dropout. See the op `dropoutMask`. */
  readonly dropoutKey?: Value;
  /** Whether the layer of that name normalises with its running statistics even in training; never by default. */
  readonly isFrozen?: (layer: string) => boolean;
  /** The variable that a parameter or buffer is read from; the one of its own name by default. */
  readonly variableOf?: (tensor: string) => string;
}

/** The place of a module in a network during a trace: what it gets its parameters from. */
export interface Scope extends TraceOptions {
  /** Names joined by dots, such as `layer1.0`; "" for the whole network. */
  readonly name: string;
  /** The scope of the child module `name`. */
  child(name: string): Scope;
  /** The content of the module's own parameter or buffer `name`; the same value each time. */
  tensor(name: string): Value;
  /** Has a buffer of the module hold `value` after the run. */
  update(name: string, value: Value): void;
  /** A number that no other dropout layer of this trace has: 0, 1, … in order of the forward pass. */
  nextDropoutLayer(): number;
  /** Says that training also takes the loss of `logits` [N, classes], times `weight`: a classifier part of the way. */
  addAuxiliary(logits: Value, weight: number): void;
}

/** Logits [N, classes] whose loss, times `weight`, is added to that of a network's output in training. */
export interface AuxiliaryLogits {
  readonly logits: Value;
  readonly weight: number;
}

/** The graph of one forward pass. */
export interface Traced<Output = Value> {
  readonly output: Output;
  /** The values that the parameters and buffers were read as, by name: the targets of gradients. */
  readonly tensors: ReadonlyMap<string, Value>;
  /** New contents of buffers. */
  readonly updates: readonly Update[];
  /** What auxiliary classifiers answer; most networks have none. */
  readonly auxiliary: readonly AuxiliaryLogits[];
}

interface TraceState {
  readonly variables: ReadonlyMap<string, Variable>;
  readonly tensors: Map<string, Value>;
  readonly updates: Map<string, Update>;
  readonly auxiliary: AuxiliaryLogits[];
  dropoutLayers: number;
}

/** Applies a network to `x`. */
export function trace<Output>(network: Module<Output>, x: Value, options: TraceOptions): Traced<Output> {
  const variables = new Map(variablesOf(network).map((variable) => [variable.name, variable]));
  const state: TraceState = { variables, tensors: new Map(), updates: new Map(), auxiliary: [], dropoutLayers: 0 };
  const output = network.apply(scopeOf("", state, options), x);
  const { tensors, updates, auxiliary } = state;
  return { output, tensors, updates: [...updates.values()], auxiliary };
}

function scopeOf(name: string, state: TraceState, options: TraceOptions): Scope {
  const within = (part: string): string => (name === "" ? part : `${name}.${part}`);
  const variable = (part: string): Variable => {
    const found = state.variables.get(within(part));
    if (!found) throw new Error(`module "${name}" has no parameter or buffer "${part}"`);
    return found;
  };
  return {
    ...options,
    name,
    child: (part) => scopeOf(within(part), state, options),
    tensor(part) {
      const key = within(part);
      const own = variable(part);
      const value = state.tensors.get(key) ?? read({ ...own, name: options.variableOf?.(key) ?? key });
      state.tensors.set(key, value);
      return value;
    },
    update: (part, value) => void state.updates.set(within(part), { variable: variable(part), value }),
    nextDropoutLayer: () => state.dropoutLayers++,
    addAuxiliary: (logits, weight) => void state.auxiliary.push({ logits, weight }),
  };
}

/** A parameter or buffer with its full name. */
export interface NetworkTensor {
  /** Key of the state dict, such as `layer1.0.conv1.weight`. */
  readonly name: string;
  readonly role: "parameter" | "buffer";
  readonly spec: Module["parameters"][string];
}

/** All parameters and buffers of a network in the order of PyTorch's state dict: a module's own, then its children's. */
export function tensorsOf(network: Module<unknown>, prefix = ""): NetworkTensor[] {
  const own = (specs: Module["parameters"], role: NetworkTensor["role"]): NetworkTensor[] =>
    Object.entries(specs).map(([name, spec]) => ({ name: prefix + name, role, spec }));
  return [
    ...own(network.parameters, "parameter"),
    ...own(network.buffers, "buffer"),
    ...Object.entries(network.children).flatMap(([name, child]) => tensorsOf(child, `${prefix}${name}.`)),
  ];
}

const variablesOf = (network: Module<unknown>): Variable[] =>
  tensorsOf(network).map(({ name, spec: { shape } }) => ({ name, shape, dtype: "float32" }));
