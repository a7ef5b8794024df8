/** The tensors of a network in what a file holds, where it is not known what network it is. */
import { UserError } from "../errors.ts";
import { modernKey } from "../models/historical-keys.ts";
import { type Candidate, candidatesOf } from "./find/candidates.ts";
import type { PthValue } from "./pth/read.ts";
import type { StateDict } from "./tensor.ts";

/**
 * The tensors of a network in what a `.pth` holds: a bare state dict, or a checkpoint that has one under any name, or a
 * network that was pickled whole. Names are those of the network alone, without wrappers, and those of the official
 * DenseNet files the present ones. No tensors at all is a `UserError`.
 */
export const stateDictOf = (value: PthValue, file: string): StateDict => likeliest(candidatesOf(value), file);

/** The likeliest of what a file holds; see `stateDictOf`. */
export function likeliest(candidates: readonly Candidate[], file: string): StateDict {
  const found = candidates.find(({ tensors }) => 0 < tensors.size);
  if (found) return networkNames(found.tensors);
  const [foreign] = candidates.flatMap((candidate) => [...candidate.foreign]);
  if (foreign) throw foreignTensor(file, foreign);
  throw new UserError(
    `"${file}": expected the weights of a network but there are no named tensors in it.`,
    'Give a state dict, or a checkpoint that has one under "state_dict".',
  );
}

/** The error of a tensor that is needed and cannot be read. */
export function foreignTensor(file: string, [name, kind]: readonly [name: string, kind: string]): UserError {
  const quantised = /q(u?)int|packed/.test(kind);
  return new UserError(
    `"${file}": expected weights as plain numbers but "${name}" is ${quantised ? `quantised (${kind})` : `a ${kind}`}.`,
    quantised
      ? "Give the state dict of the network as it was before it was quantised."
      : "Save it as a plain tensor: torch.save of a state dict that is gathered on one machine.",
  );
}

/** Tensors under the names that the network itself has for them: without the wrappers that are around all of it. */
export function networkNames(state: StateDict): StateDict {
  const names = [...state.keys()];
  const [first = ""] = names;
  const shared = names.reduce((least, name) => sharedLength(first, name, least), wrappersOf(first));
  const wrappers = wrappersOf(first.slice(0, shared));
  return new Map(Array.from(state, ([name, tensor]) => [presentName(name.slice(wrappers)), tensor]));
}

/** How many letters of a name are of wrappers: of `nn.DataParallel`, and of what `torch.compile` returns. */
const wrappersOf = (name: string): number => /^(?:module\.|_orig_mod\.)*/.exec(name)?.[0].length ?? 0;

/** How many of the first `most` letters two names share. */
function sharedLength(one: string, other: string, most: number): number {
  let length = 0;
  while (length < most && one[length] === other[length]) length++;
  return length;
}

/** A name without what `torch.compile` puts into it, and as it is today. */
export const presentName = (name: string): string => modernKey(name.replaceAll(/(^|\.)_orig_mod\.(?=.)/g, "$1"));
