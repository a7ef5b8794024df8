/** Folders of which each holds the photos of one class. */
import { join } from "node:path";
import { UserError } from "../../../errors.ts";
import { MARKS_FILE } from "../marks.ts";
import { type FoundPhotos, type PhotoSet, requireSameClasses, requireTwo, type SkippedFile } from "../photo-set.ts";
import type { SplitOptions } from "../split.ts";
import { compareCodePoints, findFiles, joinName, leftOutReason, listFolder, PHOTO_EXTENSIONS } from "../walk.ts";
import { counted, listed, photosOf } from "../words.ts";

/** The photos of each class folder of one folder. */
export interface ClassFolders {
  readonly byClass: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly SkippedFile[];
}

const IN_NO_CLASS = "in no class folder";

/**
 * The photos in the class folders of `folder`, or in the folder `below` of each. Names that Unicode can write in two ways are
 * one; a class whose name is not UTF-8 is a `UserError`.
 */
export async function readClassFolders(root: string, folder: string, below = ""): Promise<ClassFolders> {
  const { folders, files, unusable } = await listFolder(join(root, folder));
  requireNamed(
    join(root, folder),
    unusable.filter((name) => name.endsWith("/")),
  );
  const byClass = new Map<string, readonly string[]>();
  const loose = [...files.filter((file) => file !== MARKS_FILE), ...unusable];
  const skipped = loose.map((file): SkippedFile => ({ name: joinName(folder, file), reason: IN_NO_CLASS }));
  for (const name of folders) {
    const { photos, others } = await findFiles(root, joinName(joinName(folder, name), below));
    const className = name.normalize("NFC");
    byClass.set(className, [...(byClass.get(className) ?? []), ...photos]);
    skipped.push(...others.map((other): SkippedFile => ({ name: other, reason: leftOutReason(other) })));
  }
  return { byClass: new Map([...byClass].sort(([a], [b]) => compareCodePoints(a, b))), skipped };
}

function requireNamed(path: string, folders: readonly string[]): void {
  if (folders.length === 0) return;
  throw new UserError(
    `"${path}": expected names of classes in UTF-8 but ${listed(folders)} ${folders.length > 1 ? "are" : "is"} not (bytes are shown as \\x…).`,
    "Rename such folders, for example with convmv, or by hand in a file manager.",
  );
}

/**
 * The classes of the folders, of which there must be two at least, each with a photo at least; where photos are only measured, one
 * class is enough and some may be empty.
 */
export function checkedClasses(path: string, { byClass, skipped }: ClassFolders, options: SplitOptions): string[] {
  const classes = [...byClass.keys()];
  if (classes.length === 0) throw noClasses(path, skipped);
  const empty = classes.filter((name) => byClass.get(name)?.length === 0);
  if (0 < empty.length && (!options.measured || empty.length === classes.length))
    throw emptyClasses(path, empty, skipped);
  requireTwo(path, classes, options);
  return classes;
}

/** Tables of labels, and what marks an export for other tasks. */
const LABEL_TABLE = /\.(csv|tsv|jsonl|json|txt|xml|mat)$/i;

function noClasses(path: string, skipped: readonly SkippedFile[]): UserError {
  const names = skipped.map(({ name }) => name.split("/").at(-1) ?? "");
  const table = names.find((name) => LABEL_TABLE.test(name) && !/^readme/i.test(name));
  const loose = names.length === 0 ? "it is empty" : `it holds only ${counted(names.length, "file")}`;
  const byFolders = `Put the photos of each class into a folder of its own, such as ${join(path, "ants")} and ${join(path, "bees")}`;
  return new UserError(
    `"${path}": expected a folder for each class but ${loose}.`,
    table === undefined
      ? `${byFolders}.`
      : `${byFolders}; or if "${table}" holds the labels, give it as the data set, with the columns file and label.`,
  );
}

function emptyClasses(path: string, empty: readonly string[], skipped: readonly SkippedFile[]): UserError {
  const here = skipped.filter(({ reason }) => reason !== IN_NO_CLASS);
  const have = `${counted(here.length, "file")} there ${here.length > 1 ? "have" : "has"} other endings`;
  const boxes =
    empty.some((name) => /^(labels|annotations)$/i.test(name)) &&
    here.some(({ name }) => /\.(txt|xml|json)$/i.test(name));
  return new UserError(
    `"${path}": expected photos in each class folder but ${listed(empty)} ${empty.length > 1 ? "have" : "has"} none${here.length === 0 ? "" : ` (${have})`}.`,
    boxes
      ? "This looks like a data set of boxes, as of YOLO; export it for classification, as a folder for each class."
      : `Add photos (${PHOTO_EXTENSIONS.join(" ")}), or remove the folder.`,
  );
}

/** The photos of the classes, one class after the other. */
export const setOf = ({ byClass }: ClassFolders, classes: readonly string[]): PhotoSet => ({
  names: classes.flatMap((name) => byClass.get(name) ?? []),
  labels: classes.flatMap((name, label) => (byClass.get(name) ?? []).map(() => label)),
});

/** The classes of training and both sets, where validation has the same; `paths` are where each was read, for errors. */
export function dividedFolders(
  { training, validation }: Readonly<Record<"training" | "validation", ClassFolders>>,
  paths: Readonly<Record<"training" | "validation", string>>,
  options: SplitOptions,
): Pick<FoundPhotos, "layout" | "classes" | "train" | "val"> {
  const classes = checkedClasses(paths.training, training, options);
  const present = [...validation.byClass].filter(([, names]) => 0 < names.length).map(([name]) => name);
  requireSameClasses(paths.validation, classes, present, options);
  return { layout: "split", classes, train: setOf(training, classes), val: setOf(validation, classes) };
}

/** That a split has photos but no class folders. */
export const withoutClasses = (path: string, photos: number, train: string): UserError =>
  new UserError(
    `"${path}": expected a folder for each class, as for training, but it holds only ${photosOf(photos)}.`,
    `Put them into class folders, or give "${train}", of which a share is then set aside for validation.`,
  );
