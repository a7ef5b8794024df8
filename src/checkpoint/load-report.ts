/** Weights of a file against the network that is to have them: all that does not fit is known before anything is computed. */
import { UserError } from "../errors.ts";
import { formatShape, type Shape, sameShape } from "../graph/value.ts";
import { nearest } from "../nearest.ts";
import type { StateShapes } from "./optimizer-state.ts";
import { float32Tensor, type StateDict, type StateTensor, toFloat32 } from "./tensor.ts";

/** How many names of each kind an error lists. */
const LISTED = 10;

/** What `fitStateDict` takes besides the two sides. */
export interface FitOptions {
  /** Named in the error. */
  readonly file: string;
  /** Names of the head's parameters, such as `fc.weight` and `fc.bias`: a layer of them that does not fit is left out. */
  readonly head?: readonly string[];
  /** Beginnings of names that the file may have and the network not, such as `AuxLogits.` */
  readonly ignored?: readonly string[];
  /** What to do about weights that do not fit. */
  readonly hint?: string;
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
  const { file, head = [], ignored = [], hint } = options;
  const fits = (name: string, shape: Shape): boolean => {
    const tensor = given.get(name);
    return tensor !== undefined && sameShape(tensor.shape, shape);
  };
  const wrong = [...expected].filter(([name, shape]) => !fits(name, shape) && !(isCounter(name) && !given.has(name)));
  const replacedLayers = new Set(
    wrong
      .map(([name]) => name)
      .filter((name) => head.includes(name))
      .map(layerOf),
  );
  const isReplaced = (name: string): boolean => head.includes(name) && replacedLayers.has(layerOf(name));
  const mayBeThere = (name: string): boolean =>
    ignored.some((beginning) => name.startsWith(beginning)) || replacedLayers.has(layerOf(name));
  const unexpected = [...given.keys()].filter((name) => !expected.has(name));
  refuse(given, {
    file,
    hint,
    wrong: wrong.filter(([name]) => !isReplaced(name)),
    unexpected: unexpected.filter((name) => !mayBeThere(name)),
  });
  return {
    loaded: new Map(
      [...expected].flatMap(([name, shape]): [string, StateTensor][] => {
        const tensor = given.get(name);
        return isReplaced(name) ? [] : [[name, float32Tensor(shape, tensor ? toFloat32(tensor) : [0])]];
      }),
    ),
    replaced: [...expected].flatMap(([name, shape]) =>
      isReplaced(name) ? [{ name, shape, given: given.get(name)?.shape }] : [],
    ),
    missing: [...expected.keys()].filter((name) => isCounter(name) && !given.has(name)),
    unexpected,
  };
}

/** The weights of a network that has no head to replace: everything must fit. See `fitStateDict`. */
export const checkStateDict = (given: StateDict, expected: StateShapes, file: string): Map<string, StateTensor> =>
  new Map(fitStateDict(given, expected, { file }).loaded);

interface Misfit {
  readonly file: string;
  readonly hint?: string;
  /** Missing or misshaped, with the shape that is expected. */
  readonly wrong: readonly (readonly [name: string, shape: Shape])[];
  readonly unexpected: readonly string[];
}

/** Throws the one error that lists everything, if there is anything. */
function refuse(given: StateDict, { file, hint, wrong, unexpected }: Misfit): void {
  const missing = wrong.flatMap(([name]) => (given.has(name) ? [] : [name]));
  const misshaped = wrong.flatMap(([name, shape]) => {
    const tensor = given.get(name);
    return tensor ? [`"${name}" is ${formatShape(tensor.shape)} and not ${formatShape(shape)}`] : [];
  });
  const parts = [
    listed("wrong shapes", misshaped),
    listed("missing", missing.map(quoted)),
    listed(
      "unexpected",
      unexpected.map((name) => suggestion(name, missing)),
    ),
  ].filter((part) => part !== "");
  if (parts.length === 0) return;
  throw new UserError(
    `"${file}": expected the weights of this network but they do not fit: ${parts.join("; ")}.`,
    hint ?? "Give the weights of the same model with the same number of classes.",
  );
}

const quoted = (name: string): string => `"${name}"`;

function suggestion(name: string, missing: readonly string[]): string {
  const likely = nearest(name, missing);
  return likely ? `"${name}" (for "${likely}"?)` : quoted(name);
}

function listed(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const rest = items.length - LISTED;
  return `${title}: ${items.slice(0, LISTED).join(", ")}${0 < rest ? ` and ${rest} more` : ""}`;
}

/** One sentence for people: `loaded 60 of 62 tensors; new: fc.weight [2, 512] (was [1000, 512]), fc.bias [2] (was [1000])`. */
export function describeLoad({ loaded, replaced, missing, unexpected }: LoadReport): string {
  const fromFile = loaded.size - missing.length;
  const fresh = replaced.map(
    ({ name, shape, given }) => `${name} ${formatShape(shape)}${given ? ` (was ${formatShape(given)})` : ""}`,
  );
  const parts = [
    `loaded ${fromFile} of ${loaded.size + replaced.length} tensors`,
    listed("new", fresh),
    listed("at zero, as the file lacks them", missing),
    listed("left out", unexpected),
  ];
  return parts.filter((part) => part !== "").join("; ");
}
