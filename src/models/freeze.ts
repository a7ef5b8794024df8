/** Which parameters of a network keep their values in training. */
import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { type Module, tensorsOf } from "../nn/index.ts";
import { isHeadParameter, type ModelRecord } from "./zoo.ts";

/** What is frozen other than up to a layer: nothing, or all but the head. */
export const FREEZE_NAMES = ["none", "backbone"] as const;

/** `layer1.0.conv1.weight` → `layer1`, `layer1.0`, `layer1.0.conv1`: the layers that a tensor is in. */
const layersOf = (tensor: string): string[] => {
  const parts = tensor.split(".").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("."));
};

/**
 * Names of the parameters that `freeze` keeps as they are: `none`; `backbone`, all but the head's; or the name of a layer
 * such as `layer3` or `layer3.1`, with all before it in the state dict's order (a head's parameters, which stand in the
 * midst of some networks, stay trainable unless the layer is one of the head). Any other text is a `UserError`.
 */
export function frozenParameters(record: ModelRecord, network: Module, freeze: string): ReadonlySet<string> {
  const names = tensorsOf(network).flatMap(({ name, role }) => (role === "parameter" ? [name] : []));
  if (freeze === "none") return new Set();
  const backbone = names.filter((name) => !isHeadParameter(record, name));
  if (freeze === "backbone") return new Set(backbone);
  const last = names.findLastIndex((name) => layersOf(name).includes(freeze));
  if (last === -1) throw unknownLayer(record, names, { setting: "freeze", others: FREEZE_NAMES, got: freeze });
  const upTo = names.slice(0, last + 1);
  const inHead = isHeadParameter(record, names[last] ?? "");
  return new Set(inHead ? upTo : upTo.filter((name) => !isHeadParameter(record, name)));
}

/** Names of the parameters of a layer such as `layer3`, or of `backbone` or `head`. Any other text is a `UserError`. */
export function parametersOf(record: ModelRecord, network: Module, layer: string): ReadonlySet<string> {
  const names = tensorsOf(network).flatMap(({ name, role }) => (role === "parameter" ? [name] : []));
  const isWanted = (name: string): boolean => {
    if (layer === "head") return isHeadParameter(record, name);
    return layer === "backbone" ? !isHeadParameter(record, name) : layersOf(name).includes(layer);
  };
  const found = names.filter(isWanted);
  if (found.length === 0)
    throw unknownLayer(record, names, { setting: "layer", others: ["backbone", "head"], got: layer });
  return new Set(found);
}

interface UnknownLayer {
  readonly setting: string;
  /** What may be given besides layers. */
  readonly others: readonly string[];
  readonly got: string;
}

function unknownLayer(
  { name }: ModelRecord,
  parameters: readonly string[],
  { setting, others, got }: UnknownLayer,
): UserError {
  const likely = nearest(got, [...others, ...new Set(parameters.flatMap(layersOf))]);
  return new UserError(
    `${setting}: expected ${others.join(", ")} or the name of a layer of ${name} but got "${got}".`,
    likely ? `Did you mean "${likely}"?` : `List the layers with: ocelli models ${name}`,
  );
}
