/** The tensors of a network in what a file holds. */
import { UserError } from "../errors.ts";
import { modernKey } from "../models/historical-keys.ts";
import type { PthValue } from "./pth/read.ts";
import { isStateTensor, type StateDict, type StateTensor } from "./tensor.ts";

/** Where checkpoints keep the tensors of the network. */
const STATE_KEYS = ["state_dict", "model_state_dict", "model"];

/** What networks in a wrapper have before their names: `nn.DataParallel`, and what `torch.compile` returns. */
const WRAPPERS = ["module.", "_orig_mod."];

/**
 * The tensors of a network in what a `.pth` holds: a bare state dict, or a checkpoint that has one under `state_dict`,
 * `model_state_dict` or `model`. Names are those of the network alone, without wrappers, and those of the official
 * DenseNet files the present ones. No tensors at all is a `UserError`.
 */
export function stateDictOf(value: PthValue, file: string): StateDict {
  const candidates = value instanceof Map ? [...STATE_KEYS.map((key) => value.get(key)), value] : [];
  const tensors = candidates.map(tensorEntries).find((entries) => 0 < entries.length);
  if (tensors) return networkNames(new Map(tensors));
  throw new UserError(
    `"${file}": expected the weights of a network but there are no named tensors in it.`,
    'Give a state dict, or a checkpoint that has one under "state_dict".',
  );
}

const tensorEntries = (value: PthValue): [string, StateTensor][] =>
  value instanceof Map
    ? [...value].flatMap(([name, tensor]): [string, StateTensor][] =>
        typeof name === "string" && isStateTensor(tensor) ? [[name, tensor]] : [],
      )
    : [];

/** Tensors under the names that the network itself has for them. */
export function networkNames(state: StateDict): StateDict {
  const names = [...state.keys()];
  const wrapper = WRAPPERS.find((prefix) => 0 < names.length && names.every((name) => name.startsWith(prefix)));
  if (wrapper === undefined) return new Map(Array.from(state, ([name, tensor]) => [modernKey(name), tensor]));
  return networkNames(new Map(Array.from(state, ([name, tensor]) => [name.slice(wrapper.length), tensor])));
}
