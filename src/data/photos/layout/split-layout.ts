/** Folders for training and validation, each with a folder for each class. */
import { join } from "node:path";
import { UserError } from "../../../errors.ts";
import { type FoundPhotos, withoutTest } from "../photo-set.ts";
import { type SplitOptions, sharePhrase, stratifiedSplit } from "../split.ts";
import { listed } from "../words.ts";
import { checkedClasses, dividedFolders, readClassFolders, setOf, withoutClasses } from "./class-folders.ts";
import { type FolderShape, holdsFolders } from "./folder-shape.ts";
import { type SplitFolders, splitFolders, splitName } from "./split-names.ts";

/** The folders that are used. */
interface ChosenSplits {
  readonly train: FolderShape;
  /** Undefined if there is none with classes: then a share of the training photos is set aside. */
  readonly val: FolderShape | undefined;
  readonly notes: readonly string[];
}

/** The folders that are splits; undefined if the data set has none. What looks like splits but cannot be used is a `UserError`. */
export function chooseSplits(
  root: string,
  shapes: readonly FolderShape[],
  options: SplitOptions,
): ChosenSplits | undefined {
  const named = splitFolders(shapes.map(({ name }) => name));
  const shapesOf = (split: keyof SplitFolders): FolderShape[] =>
    named[split].flatMap((name) => shapes.find((shape) => shape.name === name) ?? []);
  const [trains, vals, tests] = [shapesOf("train"), shapesOf("val"), shapesOf("test")];
  const others = shapes.filter((shape) => ![...trains, ...vals, ...tests].includes(shape));
  const withClasses = trains.filter(({ folders }) => 0 < folders.length);
  const train = onlyOne(root, withClasses);
  if (!train) {
    requireNoLoneSplits(root, { trains, validations: [...vals, ...tests], others });
    return undefined;
  }
  const test = tests.find((shape) => isLabelled(shape, train));
  if (options.measured === "test" && !test) throw withoutTest(root);
  const [val = test] = options.measured === "test" ? [] : vals;
  if (val) {
    if (val.folders.length === 0) throw withoutClasses(join(root, val.name), val.photos, join(root, train.place));
    const unused = shapes.filter(
      (shape) => shape !== train && shape !== val && 0 < shape.folders.length + shape.photos,
    );
    return { train, val, notes: unused.length === 0 || options.measured ? [] : [usedNote(val, unused)] };
  }
  if (others.some(({ photos }) => 0 < photos) && tests.length === 0) return undefined; // "train" is a class among others
  const alike = others.find(
    (shape) => holdsFolders(shape) && shape.folders.some((name) => train.folders.includes(name)),
  );
  if (alike) throw sameFolders(root, train, alike);
  return { train, val, notes: options.measured ? [] : [setAsideNote(train, tests, options)] };
}

/** A test folder without labels is flat, or holds one folder of no class, such as `unknown`. */
const isLabelled = ({ folders }: FolderShape, train: FolderShape): boolean =>
  1 < folders.length || folders.some((name) => train.folders.includes(name));

function onlyOne(root: string, trains: readonly FolderShape[]): FolderShape | undefined {
  const [first, second] = trains;
  if (!first || !second || splitName(first.name)?.bare) return first;
  throw new UserError(
    `"${root}": expected one folder for training but there are ${listed(trains.map(({ name }) => name))}.`,
    `Rename the one to use: ${join(root, "train")}`,
  );
}

/** Throws where folders are splits by their names but cannot be: they would otherwise be taken for classes. */
function requireNoLoneSplits(
  root: string,
  { trains, validations, others }: Readonly<Record<"trains" | "validations" | "others", readonly FolderShape[]>>,
): void {
  const [train] = trains;
  const names = validations.map(({ name }) => name);
  if (train && 0 < validations.length)
    throw new UserError(
      `"${root}": expected a folder for each class in "${train.name}" but it holds only photos, and so it and ${listed(names)} would be classes.`,
      `Put the photos of each class into a folder of its own, such as ${join(root, train.name, "ants")}; or give a .csv file with the columns file and label.`,
    );
  const labelled = validations.filter(({ folders }) => 0 < folders.length);
  if (labelled.length === 0 || others.some(({ photos }) => 0 < photos)) return;
  const alike = others.find(({ folders }) => folders.some((name) => labelled[0]?.folders.includes(name)));
  if (alike && labelled[0]) throw sameFolders(root, alike, labelled[0]);
  if (0 < others.length) return;
  throw new UserError(
    `"${root}": expected a folder train beside ${listed(names)} but there is none.`,
    "Put photos for training there, in a folder for each class.",
  );
}

/** That two folders hold the same folders, so that they are no classes. */
export function sameFolders(root: string, one: FolderShape, other: FolderShape): UserError {
  const shared = one.folders.filter((name) => other.folders.includes(name));
  const more = shared.length === 1 ? "folder" : "folders";
  return new UserError(
    `"${root}": expected classes or splits but "${one.name}" and "${other.name}" hold the same ${more} ${listed(shared)}.`,
    `If ${listed(shared)} ${shared.length > 1 ? "are the classes" : "is a class"}, rename the two to train and val; if "${one.name}" and "${other.name}" are, put their photos right into them.`,
  );
}

const usedNote = (val: FolderShape, unused: readonly FolderShape[]): string =>
  `Photos of "${val.name}" are for validation; ${listed(unused.map(({ name }) => name))} ${unused.length > 1 ? "are" : "is"} not used.`;

function setAsideNote({ name }: FolderShape, tests: readonly FolderShape[], options: SplitOptions): string {
  const aside = `${sharePhrase(options)} of the photos of "${name}" are set aside by chance for validation`;
  const names = listed(tests.map((test) => test.name));
  if (tests.length === 0) return `There is no folder of validation photos: ${aside}.`;
  const lacks = tests.some(({ folders }) => 0 < folders.length) ? "none of the classes" : "no class folders";
  return `${names} ${tests.length > 1 ? "have" : "has"} ${lacks} and ${tests.length > 1 ? "are" : "is"} not used: ${aside}.`;
}

/** Finds the photos of the chosen folders. */
export async function findSplit(root: string, chosen: ChosenSplits, options: SplitOptions): Promise<FoundPhotos> {
  const { train, val, notes } = chosen;
  const training = await readClassFolders(root, train.place);
  const path = join(root, train.place);
  if (!val) {
    const classes = checkedClasses(path, training, options);
    const division = stratifiedSplit(setOf(training, classes), classes, options);
    return { root, layout: "flat", classes, ...division, skipped: training.skipped, notes };
  }
  const validation = await readClassFolders(root, val.place);
  const paths = { training: path, validation: join(root, val.place) };
  const divided = dividedFolders({ training, validation }, paths, options);
  return { root, ...divided, skipped: [...training.skipped, ...validation.skipped], notes };
}
