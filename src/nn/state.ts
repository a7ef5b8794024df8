import { type Shape, sizeOf } from "../graph/value.ts";
import { rngFor } from "../rng.ts";
import type { Module } from "./module.ts";
import { tensorsOf } from "./trace.ts";

/** Shape and content of a parameter or buffer. */
export interface InitialTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** First contents of the parameters and buffers that `isWanted`, by default all, by name. Each depends on the seed and its own name alone. */
export function initialState(
  network: Module<unknown>,
  seed: number,
  isWanted: (name: string) => boolean = () => true,
): Map<string, InitialTensor> {
  const wanted = tensorsOf(network).filter(({ name }) => isWanted(name));
  return new Map(
    wanted.map(({ name, spec: { shape, initialise } }) => [
      name,
      { shape, data: initialise(shape, rngFor(seed, `init:${name}`)) },
    ]),
  );
}

/** The number of trained numbers of a network. */
export const parameterCount = (network: Module<unknown>): number =>
  tensorsOf(network).reduce((sum, { role, spec }) => sum + (role === "parameter" ? sizeOf(spec.shape) : 0), 0);

/** Shapes of all parameters and buffers by name, as a state dict of the network has them. */
export const stateShapesOf = (network: Module<unknown>): Map<string, Shape> =>
  new Map(tensorsOf(network).map(({ name, spec }) => [name, spec.shape]));
