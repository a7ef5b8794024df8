import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Module } from "../nn/index.ts";
import { mnistCnn } from "./mnist-cnn.ts";

/** A network that ocelli knows by name. */
export interface ModelRecord {
  readonly name: string;
  readonly description: string;
  /** Shape of one image: channels, height, width. */
  readonly inputShape: readonly [channels: number, height: number, width: number];
  readonly build: (options: { readonly classes: number }) => Module;
}

/** All known networks. */
export const MODELS: readonly ModelRecord[] = [
  {
    name: "mnist-cnn",
    description: "two 5×5 convolutions and one linear layer, for digits of 28×28 pixels",
    inputShape: [1, 28, 28],
    build: mnistCnn,
  },
];

/** The known network called `name`; an unknown name is a `UserError` that suggests the nearest. */
export function findModel(name: string): ModelRecord {
  const found = MODELS.find((model) => model.name === name);
  if (found) return found;
  const names = MODELS.map((model) => model.name);
  const likely = nearest(name, names);
  throw new UserError(
    `model: expected one of ${names.join(", ")} but got "${name}".`,
    likely ? `Did you mean "${likely}"?` : "List the models with `ocelli models`.",
  );
}
