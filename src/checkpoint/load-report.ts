/** Weights of a file against the network that is to have them: all that does not fit is known before anything is computed. */
import { UserError } from "../errors.ts";
import { formatShape, type Shape, sameShape } from "../graph/value.ts";
import { isInLayers } from "../models/layers.ts";
import { nearest } from "../nearest.ts";
import { FEW, fewOf, shownName } from "./few-of.ts";
import { checkNumbers } from "./finite.ts";
import type { StateShapes } from "./optimizer-state.ts";
import { foreignTensor } from "./state-dict.ts";
import { float32Tensor, type StateDict, type StateTensor, toFloat32 } from "./tensor.ts";

/** What `fitStateDict` takes besides the two sides. */
export interface FitOptions {
  /** Named in the error. */
  readonly file: string;
  /** Names of the head's parameters, such as `fc.weight` and `fc.bias`: a layer of them that does not fit is left out. */
  readonly head?: readonly string[];
  /** Beginnings of names that the file may have and the network not, such as `AuxLogits.` */
  readonly ignored?: readonly string[];
  /** Layers that only training needs, such as `AuxLogits`: where a file has nothing of one, it begins fresh. */
  readonly optional?: readonly string[];
  /** By name, what the file has and cannot be read: an error if it is needed. */
  readonly foreign?: ReadonlyMap<string, string>;
  /** What to do about weights that do not fit. */
  readonly hint?: string | (() => string);
}

/** A parameter of the head that keeps its first values. */
export interface Replaced {
  readonly name: string;
  /** Shape in the network. */
  readonly shape: Shape;
  /** Shape in the file, if it is there. */
  readonly given: Shape | undefined;
}

/** What became of the weights of a file. */
export interface LoadReport {
  /** By name, as float32, in the network's order; counters that the file lacks are 0. */
  readonly loaded: ReadonlyMap<string, StateTensor>;
  readonly replaced: readonly Replaced[];
  /** Counters that the file lacks, which only older files do and nothing depends on. */
  readonly missing: readonly string[];
  /** What the file has and the network not: of a replaced head, or ignored. */
  readonly unexpected: readonly string[];
  /** Optional layers of which the file has nothing: they begin fresh. */
  readonly fresh: readonly string[];
}

const isCounter = (name: string): boolean => name.endsWith("num_batches_tracked");

/** `classifier.6` of `classifier.6.weight`. */
const layerOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf(".")));

/**
 * Weights for a network whose parameters and buffers have the shapes `expected`. A layer of the head of which anything
 * is missing or has another shape is left as it is, whole, and reported; every other tensor that is missing, unexpected or
 * misshaped is listed in one `UserError`.
 */
export function fitStateDict(given: StateDict, expected: StateShapes, options: FitOptions): LoadReport {
  const { file, head = [], ignored = [], optional = [], foreign, hint } = options;
  const needed = [...(foreign ?? [])].find(([name]) => expected.has(name));
  if (needed) throw foreignTensor(file, needed);
  const fresh = optional.filter((layer) => ![...given.keys()].some((name) => isInLayers([layer], name)));
  const isFresh = (name: string): boolean => isInLayers(fresh, name);
  const fits = (name: string, shape: Shape): boolean => {
    const tensor = given.get(name);
    return tensor !== undefined && sameShape(tensor.shape, shape);
  };
  const wrong = [...expected].filter(
    ([name, shape]) => !fits(name, shape) && !(isCounter(name) && !given.has(name)) && !isFresh(name),
  );
  const replacedLayers = new Set(
    wrong
      .map(([name]) => name)
      .filter((name) => head.includes(name))
      .map(layerOf),
  );
  const isReplaced = (name: string): boolean => head.includes(name) && replacedLayers.has(layerOf(name));
  const mayBeThere = (name: string): boolean =>
    ignored.some((beginning) => name.startsWith(beginning)) || isInLayers([...replacedLayers], name); // also what a Sequential in its place had
  const unexpected = [...given.keys()].filter((name) => !expected.has(name));
  refuse(given, {
    file,
    hint,
    hasNone: 0 < given.size && ![...expected.keys()].some((name) => given.has(name)),
    wrong: wrong.filter(([name]) => !isReplaced(name)),
    unexpected: unexpected.filter((name) => !mayBeThere(name)),
  });
  return {
    loaded: new Map(
      [...expected].flatMap(([name, shape]): [string, StateTensor][] => {
        if (isReplaced(name) || isFresh(name)) return [];
        const tensor = given.get(name);
        return [[name, float32Tensor(shape, tensor ? numbersOf(name, tensor, file) : [0])]];
      }),
    ),
    replaced: [...expected].flatMap(([name, shape]) =>
      isReplaced(name) ? [{ name, shape, given: given.get(name)?.shape }] : [],
    ),
    missing: [...expected.keys()].filter((name) => isCounter(name) && !given.has(name) && !isFresh(name)),
    unexpected,
    fresh,
  };
}

/** The elements of a tensor as float32: finite, and of a type that weights have. */
function numbersOf(name: string, tensor: StateTensor, file: string): Float32Array {
  const numbers = toFloat32(tensor);
  if (!isCounter(name)) checkNumbers(name, { tensor, numbers, file });
  return numbers;
}

/** The weights of a network that has no head to replace: everything must fit. See `fitStateDict`. */
export const checkStateDict = (
  given: StateDict,
  expected: StateShapes,
  file: string,
  options: Omit<FitOptions, "file" | "head"> = {},
): Map<string, StateTensor> => new Map(fitStateDict(given, expected, { ...options, file }).loaded);

interface Misfit {
  readonly file: string;
  readonly hint?: FitOptions["hint"];
  /** Whether no name of the network is in the file. */
  readonly hasNone: boolean;
  /** Missing or misshaped, with the shape that is expected. */
  readonly wrong: readonly (readonly [name: string, shape: Shape])[];
  readonly unexpected: readonly string[];
}

/** Throws the one error that says everything, if there is anything. */
function refuse(given: StateDict, { file, hint, hasNone, wrong, unexpected }: Misfit): void {
  const missing = wrong.flatMap(([name]) => (given.has(name) ? [] : [name]));
  const misshaped = wrong.flatMap(([name, shape]) => {
    const tensor = given.get(name);
    return tensor ? [`${shownName(name)} is ${formatShape(tensor.shape)} and not ${formatShape(shape)}`] : [];
  });
  if (wrong.length === 0 && unexpected.length === 0) return;
  const none = `it has none of its tensors, but ${listed("", [...given.keys()].map(shownName))}`;
  const misfits = [
    listed("wrong shapes: ", misshaped),
    listed("missing: ", missing.map(shownName)),
    listed(
      "unexpected: ",
      unexpected.slice(0, FEW).map((name) => suggestion(name, missing)),
      unexpected.length,
    ),
  ];
  const parts = hasNone ? [none] : misfits.filter((part) => part !== "");
  throw new UserError(
    `"${file}": expected the weights of this network but they do not fit: ${parts.join("; ")}.`,
    (typeof hint === "function" ? hint() : hint) ??
      "Give the weights of the same network, with the same layers and sizes.",
  );
}

function suggestion(name: string, missing: readonly string[]): string {
  const likely = nearest(name, missing);
  return likely ? `${shownName(name)} (for ${shownName(likely)}?)` : shownName(name);
}

const listed = (title: string, items: readonly string[], of = items.length): string =>
  of === 0 ? "" : `${title}${fewOf(items, { of })}`;

/**
 * What came of a file, a sentence for each fact: `loaded 60 of 62 tensors`, `new: fc.weight [2, 512] (was [1000, 512]),
 * fc.bias [2] (was [1000])`.
 */
export function describeLoad({ loaded, replaced, missing, unexpected, fresh }: LoadReport): string[] {
  const fromFile = loaded.size - missing.length;
  const added = replaced.map(
    ({ name, shape, given }) => `${name} ${formatShape(shape)}${given ? ` (was ${formatShape(given)})` : ""}`,
  );
  return [
    `loaded ${fromFile} of ${loaded.size + replaced.length} tensors`,
    listed("new: ", added),
    listed("at zero, as the file lacks them: ", missing),
    listed("begins fresh, as the file lacks it: ", fresh),
    listed("left out: ", unexpected),
  ].filter((part) => part !== "");
}
