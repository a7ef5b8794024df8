/** The part of a network that no step changes, as a Program of its own. */
import type { Fixed } from "../graph/split.ts";
import { type Module, tensorsOf } from "../nn/index.ts";
import type { TrainedPart } from "./network-trainer.ts";

/** What a run is made for: the forward pass of a step, or of an evaluation. */
export type Purpose = "train" | "infer";

/** What stays the same from run to run; undefined if nothing does. */
export function fixedOf(network: Module, { isFrozen, keepsStatistics = () => false }: TrainedPart): Fixed | undefined {
  if (!isFrozen) return undefined;
  const layerOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf(".")));
  const fixed = new Set(
    tensorsOf(network).flatMap(({ name, role }) =>
      (role === "parameter" ? isFrozen(name) : keepsStatistics(layerOf(name))) ? [name] : [],
    ),
  );
  if (fixed.size === 0) return undefined;
  return { isInput: (name) => name === "images", isVariable: (name) => fixed.has(name), mixing: ["batchNormTraining"] };
}
