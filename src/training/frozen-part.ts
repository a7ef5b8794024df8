/** The part of a network that no step changes, as a Program of its own. */
import type { Fixed } from "../graph/split.ts";
import { type Module, tensorsOf } from "../nn/index.ts";
import type { TrainedPart } from "./network-trainer.ts";

/** What a run is made for: the forward pass of a step, or of an evaluation. */
export type Purpose = "train" | "infer";

/** Whether no step changes the parameter or buffer of that name. */
export function isFixedIn(
  network: Module,
  { isFrozen = () => false, keepsStatistics = () => false }: TrainedPart,
): (name: string) => boolean {
  const layerOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf(".")));
  const fixed = new Set(
    tensorsOf(network).flatMap(({ name, role }) =>
      (role === "parameter" ? isFrozen(name) : keepsStatistics(layerOf(name))) ? [name] : [],
    ),
  );
  return (name) => fixed.has(name);
}

/** What stays the same from run to run; undefined where nothing is frozen. */
export function fixedOf(network: Module, part: TrainedPart): Fixed | undefined {
  if (!part.isFrozen) return undefined;
  const isVariable = isFixedIn(network, part);
  return { isInput: (name) => name === "images", isVariable, mixing: ["batchNormTraining"] };
}
