/** A file of weights for a known network: which of its tensors are taken, and what it says of the network. */
import {
  type Candidate,
  type ChosenWeights,
  chooseWeights,
  type PthValue,
  saidClasses,
  saidModels,
  type WeightsFile,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { sameShape } from "../graph/value.ts";
import {
  isAuxiliaryParameter,
  isHeadParameter,
  MODELS,
  type ModelRecord,
  type NetworkOptions,
} from "../models/index.ts";
import { stateShapesOf } from "../nn/index.ts";

/** Whether inception_v3 takes images as torchvision's trained weights do; `auto`: as the file says, else as those do. */
export const TRANSFORM_INPUT = ["auto", "yes", "no"] as const;

/** How a file of weights is read. */
export interface FileOptions {
  /** Whether averaged weights (EMA, SWA) are taken where there are others too; false by default. */
  readonly emaWeights?: boolean;
  /** `auto` by default. */
  readonly transformInput?: (typeof TRANSFORM_INPUT)[number];
}

/** The weights of `record`'s network in a file, whatever the number of its classes. */
export function weightsFor(
  record: ModelRecord,
  { candidates }: Pick<WeightsFile, "candidates">,
  { file, emaWeights }: { readonly file: string; readonly emaWeights?: boolean },
): ChosenWeights {
  const expected = stateShapesOf(record.build({ classes: 1000 }));
  return chooseWeights(candidates, { file, expected, heads: record.heads, averaged: emaWeights });
}

/** Options of a network, and why they are so. */
export interface KnownOptions {
  readonly options: NetworkOptions;
  readonly note?: string;
}

/**
 * Options that a file's weights need. A file that does not say them is taken as torchvision's own: its networks are built
 * so for trained weights, and so are those that people build and save.
 */
export function optionsFor(
  record: ModelRecord,
  entries: WeightsFile["entries"],
  { transformInput: asked = "auto" }: FileOptions = {},
): KnownOptions {
  const official = record.published?.weights[0]?.options.transformInput;
  if (official === undefined) {
    checkTransformInput(record, asked);
    return { options: {} };
  }
  const said = saidTransformInput(entries);
  const transformInput = asked === "auto" ? (said ?? official) : asked === "yes";
  const why =
    asked !== "auto"
      ? "as asked"
      : said === undefined
        ? "as torchvision's trained weights, for the file does not say"
        : "as the file says";
  const other = transformInput ? "no" : "yes";
  const how = asked === "auto" && said === undefined ? `; --transform-input ${other} changes that` : "";
  return {
    options: transformInput ? { transformInput } : {},
    note: `${record.name}: transform_input is ${transformInput ? "on" : "off"}, ${why}${how}`,
  };
}

/** Throws where a network is asked to transform its input that cannot. */
export function checkTransformInput(record: ModelRecord, asked: FileOptions["transformInput"]): void {
  if (asked === "auto" || asked === undefined || record.published?.weights[0]?.options.transformInput !== undefined)
    return;
  throw new UserError(
    `transformInput: expected auto, as ${record.name} has no such option, but got "${asked}".`,
    "Leave --transform-input out.",
  );
}

/** What a checkpoint of ocelli says; of other files undefined. */
function saidTransformInput(entries: WeightsFile["entries"]): boolean | undefined {
  const options = entries.get("model_options");
  if (options instanceof Map) return options.get("transform_input") === true;
  if (typeof options === "string") return /"transform_input":\s*true/.test(options); // of formats whose entries are texts
  return entries.has("preprocessing") ? false : undefined; // of an ocelli that did not note it yet
}

/** The network that a file says it is of, if ocelli knows it. */
export const saidModel = (entries: WeightsFile["entries"]): string | undefined =>
  saidModels(entries).find((name) => MODELS.some((known) => known.name === name));

/** The names of `count` classes as the file says them, or else their numbers. */
export function classesFor(
  entries: ReadonlyMap<PthValue, PthValue>,
  count: number,
): { classes: readonly string[]; note?: string } {
  const said = saidClasses(entries);
  const fitting = said.find(({ classes }) => classes.length === count);
  if (fitting) {
    const note = `names of the ${count} classes are from "${fitting.key}" in the file`;
    return { classes: distinct(fitting.classes), note };
  }
  const classes = Array.from({ length: count }, (_, index) => String(index));
  const [other] = said;
  if (!other) return { classes };
  return {
    classes,
    note: `"${other.key}" in the file names ${other.classes.length} classes, not ${count}: they are called by number`,
  };
}

/** ImageNet has two classes called crane: of names that are there before, the place is added. */
function distinct(classes: readonly string[]): string[] {
  const first = new Map([...classes.entries()].reverse().map(([index, name]) => [name, index]));
  return classes.map((name, index) => (first.get(name) === index ? name : `${name} (${index})`));
}

/** Layers that only training needs and the file has not, or not so: the network is then built without them. */
export function lackingAuxiliary(
  record: ModelRecord,
  { state }: ChosenWeights,
  network: Parameters<typeof stateShapesOf>[0],
): boolean {
  return [...stateShapesOf(network)].some(([name, shape]) => {
    const tensor = state.get(name);
    return (
      isAuxiliaryParameter(record, name) &&
      !name.endsWith("num_batches_tracked") &&
      !(tensor && sameShape(tensor.shape, shape))
    );
  });
}

/** What to do about weights that do not fit: which network they are of, if ocelli knows it. */
export function otherModelHint(
  { name }: Pick<ModelRecord, "name">,
  { candidates, entries }: Pick<WeightsFile, "candidates" | "entries">,
): string {
  const said = saidModel(entries);
  if (said !== undefined && said !== name) return `The file says that it is of ${said}: add --model ${said}.`;
  const [found] = modelsOf(candidates);
  if (found !== undefined && found !== name) return `Its tensors are those of ${found}: add --model ${found}.`;
  const foreign = FOREIGN.find(([names]) =>
    candidates.some(({ tensors }) => [...tensors.keys()].some((key) => names.test(key))),
  );
  return foreign?.[1] ?? `Give weights of ${name} with torchvision's names, or the --model that these are of.`;
}

const FOREIGN: readonly (readonly [names: RegExp, hint: string])[] = [
  [
    /^(\w+\.)?(embedder\.|encoder\.stages\.|encoder\.layer\.\d+\.attention|vit\.|bert\.)/,
    "Its names are those of Hugging Face transformers; give weights with torchvision's names (timm's resnets have them).",
  ],
  [
    /^model(\.model)?\.\d+\.(conv|cv\d|m)\b/,
    "Its names are those of Ultralytics YOLO, whose networks are not among `ocelli models`.",
  ],
  [
    /^(blocks\.\d+\.|cls_token|patch_embed\.)/,
    "Its names are those of a vision transformer of timm, which is not among `ocelli models`.",
  ],
];

/** The networks whose tensors are all in the file, whatever the number of classes. */
export const modelsOf = (candidates: readonly Candidate[]): string[] =>
  MODELS.flatMap((record) => {
    const { name, heads } = record;
    const expected = stateShapesOf(record.build({ classes: 1000 }));
    const needed = [...expected].filter(
      ([key]) => !key.endsWith("num_batches_tracked") && !isAuxiliaryParameter(record, key),
    );
    const tensors = candidates.reduce((sum, candidate) => Math.max(sum, candidate.tensors.size), 0);
    if (tensors < needed.length - 2 * heads.length) return [];
    try {
      const { state } = chooseWeights(candidates, { file: name, expected, heads });
      const all = needed.every(([key, shape]) => {
        const tensor = state.get(key);
        return isHeadParameter(record, key) || (tensor !== undefined && sameShape(tensor.shape, shape));
      });
      return all ? [name] : [];
    } catch (error) {
      if (error instanceof UserError) return [];
      throw error;
    }
  });
