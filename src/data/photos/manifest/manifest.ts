/** Manifests: a table or JSON file that names photos and their classes, and optionally their split. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../../errors.ts";
import { brief } from "../../../harmless.ts";
import { mapConcurrently } from "../concurrent.ts";
import { plainSplit, type Split } from "../layout/split-names.ts";
import {
  type FoundPhotos,
  type PhotoSet,
  photoPath,
  requireSameClasses,
  requireTwo,
  withoutTest,
} from "../photo-set.ts";
import { type SplitOptions, stratifiedSplit } from "../split.ts";
import { compareCodePoints } from "../walk.ts";
import { counted, listed } from "../words.ts";
import { readText } from "./read-text.ts";
import { type Row, rowsOf } from "./rows.ts";

/** Whether a file of that name is read as a manifest. */
export const isManifestName = (name: string): boolean => /\.(csv|tsv|jsonl|json)$/i.test(name);

/**
 * The photos that a manifest names: the columns (or keys) are `file`, relative to the manifest, `label`, and where the
 * photos are divided already `split`: train and val, or train and test. Otherwise each class is divided by chance. Any
 * fault is a `UserError` with its line.
 */
export async function readManifest(path: string, options: SplitOptions = {}): Promise<FoundPhotos> {
  return photosOfRows(rowsOf(await readText(path), path), { path, root: dirname(path), options });
}

/** The photos of rows, whose files are relative to `root`; `path` is where they were read, for errors. */
export async function photosOfRows(
  given: readonly Row[],
  { path, root, options }: Place & { options: SplitOptions },
): Promise<FoundPhotos> {
  if (given.length === 0) {
    throw new UserError(`"${path}": expected photos but it names none.`, "Add a line for each photo.");
  }
  const { rows, notes } = withSplitsOfFolders(await withFoundFiles(given, { path, root }));
  const divided = rows.some(({ split }) => split !== undefined);
  const found = divided ? dividedPhotos(rows, { path, root, options }) : undividedPhotos(rows, { path, root, options });
  return { ...found, notes: [...notes, ...found.notes] };
}

/** Takes the folders in files' names for splits, where the rows say nothing of splits and all files are in such folders. */
function withSplitsOfFolders(rows: readonly Row[]): { rows: readonly Row[]; notes: readonly string[] } {
  if (rows.some(({ split }) => split !== undefined)) return { rows, notes: [] };
  const splits = rows.map(({ file }) => splitOfFolder(file));
  if (splits.includes(undefined) || !splits.includes("train") || splits.every((split) => split === "train"))
    return { rows, notes: [] };
  return {
    rows: rows.map((row, index) => ({ ...row, split: splits[index] })),
    notes: ["The photos are divided as the folders say that they are in: there is no column split."],
  };
}

/** The split that the first folder of a name says. */
function splitOfFolder(file: string): Split | undefined {
  const [folder = "", ...rest] = file.replace(/^\.\//, "").split("/");
  return 0 < rest.length ? plainSplit(folder) : undefined;
}

/** Where the manifest is, and what its files are relative to. */
interface Place {
  readonly path: string;
  readonly root: string;
}

const classesOf = (rows: readonly Row[]): string[] =>
  [...new Set(rows.map(({ label }) => label))].sort(compareCodePoints);

/** The photos of the rows, class after class. */
function photosOf(rows: readonly Row[], classes: readonly string[]): PhotoSet {
  const places = new Map(classes.map((name, label) => [name, label]));
  const labelOf = ({ label }: Row): number => places.get(label) ?? 0;
  const sorted = rows.toSorted((a, b) => labelOf(a) - labelOf(b) || compareCodePoints(a.file, b.file));
  return { names: sorted.map(({ file }) => file), labels: sorted.map(labelOf) };
}

function undividedPhotos(
  rows: readonly Row[],
  { path, root, options }: Place & { options: SplitOptions },
): FoundPhotos {
  const classes = classesOf(rows);
  requireTwo(path, classes, options);
  if (options.measured === "test") throw withoutTest(path);
  const division = stratifiedSplit(photosOf(rows, classes), classes, options);
  return { root, layout: "manifest", classes, ...division, skipped: [], notes: [] };
}

function dividedPhotos(rows: readonly Row[], { path, root, options }: Place & { options: SplitOptions }): FoundPhotos {
  const splits = rows.map((row) => splitOf(row, path));
  const [train, val, test] = (["train", "val", "test"] as const).map((split) =>
    rows.filter((_, index) => splits[index] === split),
  ) as [Row[], Row[], Row[]];
  if (options.measured === "test" && test.length === 0) throw withoutTest(path);
  const takesTest = val.length === 0 || options.measured === "test";
  const forValidation = takesTest ? test : val;
  if (train.length === 0 || forValidation.length === 0) {
    const missing = train.length === 0 ? "train" : "val";
    throw new UserError(
      `"${path}": expected photos of the splits train and val but none is of ${missing}.`,
      `Give some photos the split ${missing}, or leave the column out to have them divided by chance.`,
    );
  }
  const classes = classesOf(train);
  requireTwo(path, classes, options);
  requireSameClasses(path, classes, classesOf(forValidation), options);
  const unused = takesTest ? [] : test;
  const [used] = forValidation;
  const said = used?.split ?? "";
  return {
    ...{ root, layout: "manifest", classes },
    train: photosOf(train, classes),
    val: photosOf(forValidation, classes),
    skipped: unused.map(({ file }) => ({ name: file, reason: "of a split that is not used" })),
    notes:
      unused.length === 0
        ? []
        : [`Photos of the split "${said}" are for validation; those of "${unused[0]?.split}" are not used.`],
  };
}

function splitOf({ split = "", line }: Row, path: string): Split {
  const known = plainSplit(split);
  if (known) return known;
  throw new UserError(
    `"${path}" line ${line}: expected the split train or val but it is "${brief(split)}".`,
    "Give each photo a split, or leave the column out to have them divided by chance.",
  );
}

/** Names of photos as Kaggle's tables write them: without the folder train, and mostly without their endings. */
const namesInTrain = (file: string): string[] =>
  ["", "train/"].flatMap((folder) => ["", ".jpg", ".jpeg", ".png"].map((ending) => `${folder}${file}${ending}`));

/** The rows with their files as they are named on disk, where Unicode can write a name in two ways. A missing file is a `UserError`. */
async function withFoundFiles(rows: readonly Row[], { path, root }: Place): Promise<Row[]> {
  const isFile = async (file: string): Promise<boolean> =>
    (await stat(photoPath(root, file)).catch(() => undefined))?.isFile() === true;
  const files = await mapConcurrently(rows, async ({ file }) => {
    for (const form of new Set([file, file.normalize("NFC"), file.normalize("NFD")]))
      if (await isFile(form)) return form;
    const candidates = namesInTrain(file);
    const there = await Promise.all(candidates.map(isFile));
    const [only, ...others] = candidates.filter((_, index) => there[index]);
    return others.length === 0 ? only : undefined;
  });
  const missing = rows.filter((_, index) => files[index] === undefined);
  if (missing.length === 0) return rows.map((row, index) => ({ ...row, file: files[index] ?? row.file }));
  const names = listed(missing.map(({ file }) => file));
  const slashed = await isFile((missing[0]?.file ?? "").replaceAll("\\", "/"));
  const endings = missing.some(({ file }) => !/\.\w+$/.test(file)) ? " and have endings such as .jpg" : "";
  throw new UserError(
    `"${path}" line ${missing[0]?.line}: expected files that exist but ${counted(missing.length, "file")} ${missing.length > 1 ? "do" : "does"} not: ${names}.`,
    slashed
      ? `Write / between folders and not \\: "${missing[0]?.file.replaceAll("\\", "/")}" is there.`
      : `Correct the names, which are relative to "${root}"${endings}.`,
  );
}
