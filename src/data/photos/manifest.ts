/** Manifests: a CSV or JSONL file that names photos and their classes, and optionally their split. */
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { mapConcurrently } from "./concurrent.ts";
import { parseCsv } from "./csv.ts";
import {
  type FoundPhotos,
  type PhotoSet,
  photoPath,
  requireSameClasses,
  requireTwo,
  withoutTest,
} from "./photo-set.ts";
import { type SplitOptions, stratifiedSplit } from "./split.ts";
import { compareCodePoints } from "./walk.ts";
import { counted, listed } from "./words.ts";

/** A line of a manifest. */
interface Row {
  readonly file: string;
  readonly label: string;
  readonly split: string | undefined;
  /** Number of its line, from 1. */
  readonly line: number;
}

/** What the splits may be called. */
const SPLITS: Readonly<Record<string, "train" | "val" | "test">> = {
  train: "train",
  training: "train",
  val: "val",
  valid: "val",
  validation: "val",
  test: "test",
};

/** Whether a file of that name is read as a manifest. */
export const isManifestName = (name: string): boolean => /\.(csv|jsonl)$/i.test(name);

/**
 * The photos that a manifest names: the columns (or keys) are `file`, relative to the manifest, `label`, and where the
 * photos are divided already `split`: train and val, or train and test. Otherwise each class is divided by chance. Any
 * fault is a `UserError` with its line.
 */
export async function readManifest(path: string, options: SplitOptions = {}): Promise<FoundPhotos> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UserError(`"${path}": expected a manifest but ${messageOf(error)}.`, "Check the path.", { cause: error });
  });
  const rows = /\.csv$/i.test(path) ? rowsOfCsv(text, path) : rowsOfJsonLines(text, path);
  if (rows.length === 0) {
    throw new UserError(`"${path}": expected photos but it names none.`, "Add a line for each photo.");
  }
  const root = dirname(path);
  await requireFiles(rows, { path, root });
  const divided = rows.some(({ split }) => split !== undefined);
  return divided ? dividedPhotos(rows, { path, root, options }) : undividedPhotos(rows, { path, root, options });
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
  return { root, layout: "manifest", classes, ...division, skipped: [] };
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
  return {
    ...{ root, layout: "manifest", classes },
    train: photosOf(train, classes),
    val: photosOf(forValidation, classes),
    skipped: unused.map(({ file }) => ({ name: file, reason: "of a split that is not used" })),
  };
}

function splitOf({ split = "", line }: Row, path: string): "train" | "val" | "test" {
  const known = SPLITS[split.toLowerCase()];
  if (known) return known;
  throw new UserError(
    `"${path}" line ${line}: expected the split train or val but it is "${split}".`,
    "Give each photo a split, or leave the column out to have them divided by chance.",
  );
}

async function requireFiles(rows: readonly Row[], { path, root }: Place): Promise<void> {
  const present = await mapConcurrently(rows, async ({ file }) => {
    const found = await stat(photoPath(root, file)).catch(() => undefined);
    return found?.isFile() === true;
  });
  const missing = rows.filter((_, index) => !present[index]);
  if (missing.length === 0) return;
  const names = listed(missing.map(({ file }) => file));
  throw new UserError(
    `"${path}" line ${missing[0]?.line}: expected files that exist but ${counted(missing.length, "file")} ${missing.length > 1 ? "do" : "does"} not: ${names}.`,
    `Correct the names, which are relative to "${root}".`,
  );
}

function rowsOfCsv(text: string, path: string): Row[] {
  const [header, ...records] = parseCsv(text, path);
  const columns = header?.cells.map((name) => name.trim().toLowerCase()) ?? [];
  const place = (name: string): number => columns.indexOf(name);
  for (const name of ["file", "label"]) {
    if (place(name) !== -1) continue;
    throw new UserError(
      `"${path}": expected the columns file and label but the first line has ${listed(columns, columns.length)}.`,
      "Begin the file with the line: file,label",
    );
  }
  return records.map(({ cells, line }) => {
    if (cells.length !== columns.length) {
      throw new UserError(
        `"${path}" line ${line}: expected ${columns.length} values, as the first line has, but there are ${cells.length}.`,
        "Put values with a comma in them between double quotes.",
      );
    }
    const split = place("split") === -1 ? undefined : cells[place("split")];
    return checkedRow({ file: cells[place("file")], label: cells[place("label")], split, line }, path);
  });
}

function rowsOfJsonLines(text: string, path: string): Row[] {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  return lines.flatMap((content, index) => {
    if (content.trim() === "") return [];
    const line = index + 1;
    const value = parsedJson(content);
    if (typeof value !== "object" || value === null) {
      throw new UserError(
        `"${path}" line ${line}: expected an object such as {"file":"a.jpg","label":"ants"} but got ${content.trim().slice(0, 40)}.`,
        "Write one JSON object on each line.",
      );
    }
    const { file, label, split } = value as Record<string, unknown>;
    return [checkedRow({ file, label: typeof label === "number" ? String(label) : label, split, line }, path)];
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkedRow(
  { file, label, split, line }: Record<"file" | "label" | "split", unknown> & { line: number },
  path: string,
): Row {
  for (const [name, value] of Object.entries({ file, label })) {
    if (typeof value === "string" && value.trim() !== "") continue;
    const received = value === undefined || value === "" ? "it is missing" : `it is ${JSON.stringify(value)}`;
    throw new UserError(`"${path}" line ${line}: expected a ${name} but ${received}.`, `Give each photo a ${name}.`);
  }
  return {
    file: String(file).trim(),
    label: String(label).trim(),
    split: split === undefined || split === null ? undefined : String(split).trim(),
    line,
  };
}
