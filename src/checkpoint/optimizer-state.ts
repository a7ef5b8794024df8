/** The state of an optimizer in the layout of `torch.optim.Optimizer.state_dict()`. */
import { UserError } from "../errors.ts";
import { sameShape } from "../graph/value.ts";
import type { PthValue } from "./pth/read.ts";
import { type PthInput, pyFloat } from "./pth/write.ts";
import { float32Tensor, isStateTensor, type StateDict, type StateTensor, toFloat32 } from "./tensor.ts";

type Settings = Readonly<Record<string, number | boolean | readonly number[]>>;

/** Parameters that have settings of their own. */
export interface ParameterGroup {
  readonly parameters: readonly string[];
  readonly learningRate: number;
  /** Steps that were done before the first one of these; 0 by default. */
  readonly since?: number;
  /** Settings that differ from the optimizer's. */
  readonly settings?: Settings;
}

/** An optimizer after some steps. */
export interface OptimizerState {
  readonly name: "sgd" | "adam" | "adamw";
  /** Steps done. */
  readonly step: number;
  readonly learningRate: number;
  /** Other settings by PyTorch's names. */
  readonly settings: Settings;
  /** All parameters of the network in order, trained or not: their places are PyTorch's indices. */
  readonly parameters: readonly string[];
  /** Those parameters in groups, if not all are in one; PyTorch then counts from group to group. */
  readonly groups?: readonly ParameterGroup[];
  /** Tensors such as `conv1.weight.exp_avg`; a frozen parameter has none. */
  readonly slots: StateDict;
}

/** Settings of each kind in PyTorch that ocelli does not have, at the values that mean the same. */
const ADAM_EXTRAS = { amsgrad: false, capturable: false };
const GROUP_EXTRAS = { maximize: false, foreach: null, differentiable: false, fused: null };

/** What `torch.optim.SGD`, `Adam` or `AdamW` load with `load_state_dict`. */
export function encodeOptimizerState(optimizer: OptimizerState): PthInput {
  const { name, step, learningRate, settings, parameters, slots } = optimizer;
  const { groups = [{ parameters, learningRate }] } = optimizer;
  const extras = name === "sgd" ? GROUP_EXTRAS : { ...GROUP_EXTRAS, ...ADAM_EXTRAS };
  const names = groups.flatMap((group) => group.parameters);
  const own = slotsByParameter(slots);
  const since = new Map(
    groups.flatMap((group: ParameterGroup) => group.parameters.map((name) => [name, group.since ?? 0])),
  );
  const state = names.flatMap((parameter, index): [number, PthInput][] => {
    const steps = step - (since.get(parameter) ?? 0);
    const kept = steps === 0 ? undefined : own.get(parameter);
    const counted: Record<string, PthInput> = name === "sgd" ? {} : { step: float32Tensor([], [steps]) };
    return kept ? [[index, { ...counted, ...Object.fromEntries(kept) }]] : [];
  });
  let next = 0;
  const paramGroups = groups.map((group: ParameterGroup) => ({
    lr: pyFloat(group.learningRate),
    ...asFloats({ ...settings, ...group.settings }),
    ...extras,
    ...(name !== "sgd" && { decoupled_weight_decay: name === "adamw" }),
    params: group.parameters.map(() => next++),
    ...(optimizer.groups && { param_names: group.parameters }),
  }));
  return { state: new Map(state), param_groups: paramGroups };
}

/** Slots such as `exp_avg`, by the parameter that they are of. */
function slotsByParameter(slots: StateDict): Map<string, [slot: string, tensor: StateTensor][]> {
  const own = new Map<string, [string, StateTensor][]>();
  for (const [name, tensor] of slots) {
    const { parameter, slot } = splitSlot(name);
    own.set(parameter, [...(own.get(parameter) ?? []), [slot, tensor]]);
  }
  return own;
}

function splitSlot(name: string): { parameter: string; slot: string } {
  const at = name.lastIndexOf(".");
  return { parameter: name.slice(0, at), slot: name.slice(at + 1) };
}

const asFloats = (settings: Settings): Record<string, PthInput> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, asFloat(value)]));

const asFloat = (value: number | boolean | readonly number[]): PthInput =>
  typeof value === "boolean" ? value : typeof value === "number" ? pyFloat(value) : value.map(pyFloat);

/** What `decodeOptimizerState` takes besides the state. */
export interface DecodeOptions {
  /** Named in errors. */
  readonly file: string;
  /** All parameters of the network, in the order in which the optimizer was given them. */
  readonly parameters: readonly string[];
  /** The slots that are wanted, by names such as `conv1.weight.exp_avg`, with their shapes. */
  readonly expected: StateShapes;
}

/**
 * The slots that `expected` names. The state may be of an optimizer that was given all parameters, or only those that it
 * trains; all that is wrong is listed in one `UserError`.
 */
export function decodeOptimizerState(value: PthValue, options: DecodeOptions): Map<string, StateTensor> {
  const { file, expected } = options;
  const state = value instanceof Map ? value.get("state") : undefined;
  const indices = new Map(optimizedNames(value, options).map((name, index) => [name, index]));
  const slots = new Map<string, StateTensor>();
  const wrong: string[] = [];
  for (const [name, shape] of expected) {
    const { parameter, slot } = splitSlot(name);
    const own = state instanceof Map ? state.get(indices.get(parameter) ?? -1) : undefined;
    const tensor = own instanceof Map ? own.get(slot) : undefined;
    if (isStateTensor(tensor) && sameShape(tensor.shape, shape))
      slots.set(name, float32Tensor(shape, toFloat32(tensor)));
    else wrong.push(name);
  }
  if (wrong.length === 0) return slots;
  throw new UserError(
    `"${file}": expected the optimizer's state of every parameter but it lacks ${wrong.join(", ")}.`,
    "Resume from the last.pth of the same run, with the same optimizer.",
  );
}

/** The parameters that PyTorch's indices stand for: as named, or all, unless the groups have just as many as are trained. */
function optimizedNames(value: PthValue, { parameters, expected }: DecodeOptions): readonly string[] {
  const groups = value instanceof Map ? value.get("param_groups") : undefined;
  const named = Array.isArray(groups)
    ? groups.flatMap((group) => (group instanceof Map && group.get("param_names")) || [])
    : [];
  if (0 < named.length) return named.map(String);
  const counts = Array.isArray(groups) ? groups.map(parameterCount) : [];
  const count = counts.reduce((sum, size) => sum + size, 0);
  const trained = new Set([...expected.keys()].map((name) => splitSlot(name).parameter));
  return count === trained.size ? parameters.filter((name) => trained.has(name)) : parameters;
}

function parameterCount(group: PthValue): number {
  const params = group instanceof Map ? group.get("params") : undefined;
  return Array.isArray(params) ? params.length : 0;
}

/** Shapes by name. */
export type StateShapes = ReadonlyMap<string, readonly number[]>;
