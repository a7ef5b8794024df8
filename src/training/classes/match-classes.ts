/** Which output of a model each class of a data set is. The one place where classes and outputs are put together. */
import { listed } from "../../data/photos/words.ts";
import { UserError } from "../../errors.ts";
import { IMAGENET_CLASSES } from "../../models/index.ts";
import { areNumbers, composed, numberOf, placesOf, similarName } from "./class-names.ts";

/**
 * In which order the outputs of a model that does not name its classes have folders with numbers for names: by `number`, or as
 * `text` (0, 1, 10, 11, 2, …), as torchvision's ImageFolder has them.
 */
export const CLASS_ORDERS = ["number", "text"] as const;
/** One of them. */
export type ClassOrder = (typeof CLASS_ORDERS)[number];

/** What a model tells apart. */
export interface ModelClasses {
  /** Where the model is from, for errors. */
  readonly file: string;
  readonly classes: readonly string[];
  /** Whether the file names no classes, so that `classes` are only numbers; by default, if they are numbers. */
  readonly unnamed?: boolean;
}

/** How the classes of a data set and the outputs of a model go together. */
export interface ClassMatch {
  /** The output of each class of the data set. */
  readonly outputs: readonly number[];
  /** The name of each output: the data set's where it has the class, else the model's. */
  readonly classes: readonly string[];
  /** What a person should know of it, a sentence each. */
  readonly notes: readonly string[];
  /** The order of the outputs, where it was chosen from two that are possible. */
  readonly order?: ClassOrder;
}

/**
 * How the classes of the data and the outputs of the model may go together: one way, or two where folders have numbers for
 * names and the model does not name its classes. What cannot be put together is a `UserError` that names the differences.
 */
export function possibleMatches(model: ModelClasses, names: readonly string[], order?: ClassOrder): ClassMatch[] {
  if (!(model.unnamed ?? areNumbers(model.classes))) return [byName(model, names)];
  if (order === "text") return [byPlace(model, names, order)];
  const known = imagenetMatch(model, names);
  if (known && order === undefined) return [known];
  const numbers = names.map(numberOf);
  if (numbers.some((number) => number === undefined)) {
    if (order === undefined) return [byPlace(model, names)];
    throw new UserError(
      `--class-order: expected text, as ${listed(names.filter((name) => numberOf(name) === undefined))} is no number, but got number.`,
      "Leave it out: without numbers the classes have one order.",
    );
  }
  const match = byNumber(model, names, numbers as number[]);
  const isInPlace = match.outputs.every((output, place) => output === place);
  const sameCount = names.length === model.classes.length;
  if (isInPlace || !sameCount || order !== undefined) return [match];
  return [{ ...match, order: "number" }, byPlace(model, names, "text")];
}

/** The one way in which the classes of the data and the outputs of a model of a run go together; else a `UserError`. */
export function matchClasses(model: ModelClasses, names: readonly string[]): ClassMatch {
  const [match, other] = possibleMatches(model, names);
  if (match && !other) return match;
  throw undecided(model);
}

/** Why there is no answer where two orders are possible. */
export const undecided = ({ file }: ModelClasses, figures = ""): UserError =>
  new UserError(
    `"${file}": expected to know the order of its outputs, since the data's classes are numbers, but it names no classes${figures}.`,
    "Add --class-order text if it was trained by ImageFolder on such folders (0, 1, 10, 11, 2, …), else --class-order number.",
  );

/** The names of outputs: those of the data set for the classes that it has. */
function namesOf(own: readonly string[], outputs: readonly number[], names: readonly string[]): string[] {
  const merged = [...own];
  for (const [place, output] of outputs.entries()) merged[output] = names[place] ?? "";
  return merged;
}

function byName(model: ModelClasses, names: readonly string[]): ClassMatch {
  const places = placesOf(names, model.classes);
  const unknown = names.filter((_, place) => places[place] === undefined);
  if (0 < unknown.length) throw unknownClasses(model, names, unknown);
  const outputs = places.map((place) => place ?? 0);
  const isOrdered = outputs.every((output, place) => place === 0 || (outputs[place - 1] ?? 0) <= output);
  return {
    outputs,
    classes: namesOf(model.classes, outputs, names),
    notes: isOrdered
      ? []
      : ["Classes are matched by their names: the data have them in another order than the model's outputs."],
  };
}

function unknownClasses({ file, classes }: ModelClasses, names: readonly string[], unknown: readonly string[]) {
  const renamed = unknown.flatMap((name) => {
    const own = similarName(name, classes);
    return own === undefined ? [] : [`"${name}" to "${own}"`];
  });
  const known = new Set(names.map(composed));
  const lacking = classes.filter((name) => !known.has(composed(name)));
  const others = lacking.length === 0 ? "" : `, and the data lack its ${listed(lacking)}`;
  return new UserError(
    `"${file}": expected data with the model's classes but it has none called ${listed(unknown).replace(/ and (?="[^"]*"$)/, " or ")}${others}.`,
    renamed.length === unknown.length
      ? `Rename ${renamed.slice(0, 3).join(" and ")}${3 < renamed.length ? " and so on" : ""}, as the model calls ${renamed.length === 1 ? "it" : "them"}.`
      : "Evaluate on data with the classes that the model was trained on, under the same names.",
  );
}

/** By ImageNet's identifiers or names; undefined if the model is not of ImageNet's classes or the data not called so. */
function imagenetMatch(model: ModelClasses, names: readonly string[]): ClassMatch | undefined {
  if (model.classes.length !== IMAGENET_CLASSES.length) return undefined;
  const wnids = IMAGENET_CLASSES.map(({ wnid }) => wnid);
  const categories = IMAGENET_CLASSES.map(({ name }) => name);
  const found = [placesOf(names, wnids), placesOf(names, categories)];
  const whole = found.find((places) => places.every((place) => place !== undefined)) as number[] | undefined;
  if (!whole) {
    const strange = names.filter((_, at) => found[0]?.[at] === undefined);
    if (strange.length === names.length || names.length === model.classes.length) return undefined;
    throw new UserError(
      `"${model.file}": expected ImageNet's classes but ${listed(strange)} ${strange.length > 1 ? "are" : "is"} none of them.`,
      "Call each folder by WordNet's identifier, such as n01440764.",
    );
  }
  const note = `"${model.file}" names no classes: its 1000 outputs are taken for ImageNet's, which the data's names are matched with.`;
  return { outputs: whole, classes: namesOf(categories, whole, names), notes: [note] };
}

function byNumber(model: ModelClasses, names: readonly string[], numbers: readonly number[]): ClassMatch {
  const { file, classes } = model;
  const beyond = names.filter((_, place) => classes.length <= (numbers[place] ?? 0));
  if (0 < beyond.length)
    throw new UserError(
      `"${file}": expected classes called 0 to ${classes.length - 1}, the numbers of its outputs, but the data have ${listed(beyond)}.`,
      names.length === classes.length
        ? "Rename the folders so that they begin with 0, or add --class-order text if ImageFolder made the labels that it was trained on."
        : "Evaluate on data with the classes that the model was trained on.",
    );
  const twice = names.find((_, place) => numbers.indexOf(numbers[place] ?? 0) !== place);
  if (twice !== undefined)
    throw new UserError(
      `"${file}": expected one class for each output but "${twice}" is the number of another class too.`,
      "Put the photos of both into one folder.",
    );
  const isInPlace = numbers.every((number, place) => number === place);
  return {
    outputs: numbers,
    classes: namesOf(classes, numbers, names),
    notes: isInPlace
      ? []
      : [
          `"${file}" names no classes: output ${numbers.at(-1)} is taken for the class "${names.at(-1)}", and so on by number.`,
        ],
  };
}

function byPlace(model: ModelClasses, names: readonly string[], order?: ClassOrder): ClassMatch {
  const { file, classes } = model;
  if (names.length !== classes.length)
    throw new UserError(
      `"${file}": expected data of ${classes.length} classes, which the model tells apart without naming them, but there are ${names.length}.`,
      "Evaluate on data with the classes that the model was trained on.",
    );
  const first = names.slice(0, 3).map((name, place) => `${place} for "${name}"`);
  const more = names.length > first.length ? ", and so on in the order of the data" : "";
  return {
    outputs: names.map((_, place) => place),
    classes: names,
    notes: [`"${file}" names no classes: its output ${first.join(", ")}${more} are taken, as ImageFolder sorts them.`],
    ...(order && { order }),
  };
}
