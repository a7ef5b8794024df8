/** The state of an optimizer in the layout of `torch.optim.Optimizer.state_dict()`. */
import { UserError } from "../errors.ts";
import { sameShape } from "../graph/value.ts";
import type { PthValue } from "./pth.ts";
import { float32Tensor, isStateTensor, type StateDict, type StateTensor, toFloat32 } from "./tensor.ts";
import { type PthInput, pyFloat } from "./write-pth.ts";

/** An optimizer after some steps. */
export interface OptimizerState {
  readonly name: "sgd" | "adam" | "adamw";
  /** Steps done. */
  readonly step: number;
  readonly learningRate: number;
  /** Other settings by PyTorch's names. */
  readonly settings: Readonly<Record<string, number | boolean | readonly number[]>>;
  /** All parameters of the network in order, trained or not: their places are PyTorch's indices. */
  readonly parameters: readonly string[];
  /** Tensors such as `conv1.weight.exp_avg`. */
  readonly slots: StateDict;
}

/** Settings of each kind in PyTorch that ocelli does not have, at the values that mean the same. */
const ADAM_EXTRAS = { amsgrad: false, capturable: false, fused: null };
const GROUP_EXTRAS = { maximize: false, foreach: null, differentiable: false };

/** What `torch.optim.SGD`, `Adam` or `AdamW` load with `load_state_dict`. */
export function encodeOptimizerState(optimizer: OptimizerState): PthInput {
  const { name, step, learningRate, settings, parameters, slots } = optimizer;
  const state = new Map<number, PthInput>();
  const kept = slotsByParameter(slots);
  parameters.forEach((parameter, index) => {
    const own = kept.get(parameter);
    if (!own || step === 0) return;
    const counted = name === "sgd" ? [] : [["step", float32Tensor([], [step])] as const];
    state.set(index, Object.fromEntries([...counted, ...own]));
  });
  const extras = name === "sgd" ? GROUP_EXTRAS : { ...GROUP_EXTRAS, ...ADAM_EXTRAS };
  const group = {
    lr: pyFloat(learningRate),
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, asFloats(value)])),
    ...extras,
    ...(name !== "sgd" && { decoupled_weight_decay: name === "adamw" }),
    params: parameters.map((_, index) => index),
  };
  return { state, param_groups: [group] };
}

/** `conv1.weight.exp_avg` as `exp_avg` of `conv1.weight`. */
function splitSlot(name: string): readonly [parameter: string, slot: string] {
  const at = name.lastIndexOf(".");
  return [name.slice(0, at), name.slice(at + 1)];
}

function slotsByParameter(slots: StateDict): Map<string, (readonly [slot: string, tensor: StateTensor])[]> {
  const found = new Map<string, (readonly [string, StateTensor])[]>();
  for (const [name, tensor] of slots) {
    const [parameter, slot] = splitSlot(name);
    const own = found.get(parameter);
    if (own) own.push([slot, tensor]);
    else found.set(parameter, [[slot, tensor]]);
  }
  return found;
}

const asFloats = (value: number | boolean | readonly number[]): PthInput =>
  typeof value === "boolean" ? value : typeof value === "number" ? pyFloat(value) : value.map(pyFloat);

/** The slots of the parameters that `expected` names with their shapes; all that is wrong is listed in one `UserError`. */
export function decodeOptimizerState(
  value: PthValue,
  { file, parameters, expected }: { file: string; parameters: readonly string[]; expected: StateShapes },
): Map<string, StateTensor> {
  const state = value instanceof Map ? value.get("state") : undefined;
  const indices = new Map(parameters.map((name, index) => [name, index]));
  const slots = new Map<string, StateTensor>();
  const wrong: string[] = [];
  for (const [name, shape] of expected) {
    const [parameter, slot] = splitSlot(name);
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

/** Shapes by name. */
export type StateShapes = ReadonlyMap<string, readonly number[]>;
