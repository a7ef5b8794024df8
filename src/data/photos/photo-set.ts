/** What is known of the photos of a data set before any is opened. */
import { isAbsolute, join } from "node:path";
import { UserError } from "../../errors.ts";
import type { SplitOptions } from "./split.ts";
import { listed } from "./words.ts";

/** Photos with their class indices. */
export interface PhotoSet {
  /** Relative to the root, with `/` between the parts. */
  readonly names: readonly string[];
  readonly labels: readonly number[];
}

/** A file that is not used, and why. */
export interface SkippedFile {
  readonly name: string;
  readonly reason: string;
}

/** The photos of a data set. */
export interface FoundPhotos {
  /** The folder that names are relative to. */
  readonly root: string;
  /** `split`: folders train and val · `flat`: class folders, divided by chance · `manifest`: a CSV or JSONL file. */
  readonly layout: "split" | "flat" | "manifest";
  /** In the order of code points; at least two. */
  readonly classes: readonly string[];
  readonly train: PhotoSet;
  readonly val: PhotoSet;
  readonly skipped: readonly SkippedFile[];
  /** What a person should know of how they were found, such as a folder that is not used. */
  readonly notes: readonly string[];
}

/** A class name without what people write now this way and now that: capitals, blanks, lines, accents' forms. */
export const foldedName = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();

/** Groups of class names that differ in such things only. */
export function alikeNames(classes: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of classes) groups.set(foldedName(name), [...(groups.get(foldedName(name)) ?? []), name]);
  return [...groups.values()].filter((group) => 1 < group.length);
}

/** The path of a photo. */
export const photoPath = (root: string, name: string): string => (isAbsolute(name) ? name : join(root, name));

/** The paths of photos. */
export const photoPaths = (root: string, { names }: PhotoSet): string[] => names.map((name) => photoPath(root, name));

/** The photos at the given places of a set. */
export const pickPhotos = ({ names, labels }: PhotoSet, indices: readonly number[]): PhotoSet => ({
  names: indices.map((index) => names[index] ?? ""),
  labels: indices.map((index) => labels[index] ?? 0),
});

/** Throws unless there are two classes at least; `path` is where they were looked for. */
export function requireTwo(path: string, classes: readonly string[], { measured }: SplitOptions = {}): void {
  if (1 < classes.length || measured) return;
  throw new UserError(
    `"${path}": expected at least two classes to tell apart but there is only "${classes[0]}".`,
    "Add photos of another class, for instance of anything else.",
  );
}

/** Throws, naming the classes, unless validation has the classes of training; where it is only measured, some may be missing. */
export function requireSameClasses(
  path: string,
  classes: readonly string[],
  others: readonly string[],
  { measured }: SplitOptions = {},
): void {
  const missing = measured ? [] : classes.filter((name) => !others.includes(name));
  const unknown = others.filter((name) => !classes.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  const faults = [
    missing.length > 0 ? `${listed(missing)} ${missing.length > 1 ? "are" : "is"} missing` : "",
    unknown.length > 0 ? `${listed(unknown)} ${unknown.length > 1 ? "are" : "is"} unknown in training` : "",
  ];
  throw new UserError(
    `"${path}": expected the classes of training, ${listed(classes)}, but ${faults.filter(Boolean).join(" and ")}.`,
    unknown.some((name) => missing.some((other) => foldedName(other) === foldedName(name)))
      ? "Write their names alike: some differ only in capitals, blanks or the like."
      : "Give both sets photos of the same classes, under the same names.",
  );
}

/** That there are no photos to test on. */
export const withoutTest = (path: string): UserError =>
  new UserError(
    `"${path}": expected photos for testing but there are none.`,
    "Name the part that is there, such as --split val, or give the folder of the test photos.",
  );
