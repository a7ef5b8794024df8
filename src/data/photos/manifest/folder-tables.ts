/** Tables of labels that others put beside photos: Roboflow's `_classes.csv`, Hugging Face's `metadata.csv` or `metadata.jsonl`. */
import { join } from "node:path";
import { UserError } from "../../../errors.ts";
import type { FolderShape } from "../layout/folder-shape.ts";
import { plainSplit } from "../layout/split-names.ts";
import type { FoundPhotos } from "../photo-set.ts";
import type { SplitOptions } from "../split.ts";
import { joinName } from "../walk.ts";
import { listed } from "../words.ts";
import { parseCsv } from "./csv.ts";
import { photosOfRows } from "./manifest.ts";
import { readText } from "./read-text.ts";
import { hasLabels, type Row, requireAsMany, rowsOf } from "./rows.ts";

const ONE_HOT = "_classes.csv";
const METADATA = ["metadata.csv", "metadata.jsonl"];

/** A table, and what its photos are for. */
interface Table {
  /** Its folder, relative to the data set's. */
  readonly folder: string;
  readonly file: string;
  readonly split: string | undefined;
}

/**
 * The photos that such tables name, in the data set's folder (whose files are `files`) or in its folders for training and
 * validation; undefined if there is none with labels.
 */
export async function findTables(
  root: string,
  { files, shapes }: { files: readonly string[]; shapes: readonly FolderShape[] },
  options: SplitOptions,
): Promise<FoundPhotos | undefined> {
  const tableOf = (folder: string, names: readonly string[], split?: string): Table[] => {
    const file = [ONE_HOT, ...METADATA].find((name) => names.includes(name));
    return file === undefined ? [] : [{ folder, file, split }];
  };
  const inSplits = shapes.flatMap(({ name, others }) => {
    const split = plainSplit(name);
    return split ? tableOf(name, others, split) : [];
  });
  const tables = [...tableOf("", files), ...inSplits];
  const read = await Promise.all(tables.map((table) => rowsOfFolder(root, table)));
  const used = tables.filter((_, index) => read[index] !== undefined);
  if (used.length === 0) return undefined;
  const rows = read.flatMap((one) => one ?? []);
  const isTraining = rows.every(({ split }) => split === "train"); // then a share is set aside
  const given = isTraining ? rows.map((row) => ({ ...row, split: undefined })) : rows;
  const found = await photosOfRows(given, { path: root, root, options });
  const names = listed(used.map(({ folder, file }) => joinName(folder, file)));
  return { ...found, notes: [`Labels are those of ${names}.`, ...found.notes] };
}

/** The rows of a table, with files relative to the data set's folder; undefined if it has no labels. */
async function rowsOfFolder(root: string, { folder, file, split }: Table): Promise<Row[] | undefined> {
  const path = join(root, folder, file);
  const text = await readText(path);
  const isOneHot = file === ONE_HOT;
  if (!isOneHot && !hasLabels(text, path)) return undefined;
  const rows = isOneHot ? oneHotRows(text, path) : rowsOf(text, path);
  return rows.map((row) => ({ ...row, file: joinName(folder, row.file), split: split ?? row.split }));
}

/** Reads a column for each class, of which one alone is 1. Several, or none, are a `UserError`. */
function oneHotRows(text: string, path: string): Row[] {
  const [header, ...records] = parseCsv(text, path);
  const columns = header?.cells.map((name) => name.trim()) ?? [];
  return records.map((record) => {
    requireAsMany(record, columns, path);
    const [file = "", ...values] = record.cells.map((cell) => cell.trim());
    const set = columns.slice(1).filter((_, index) => values[index] === "1");
    if (set.length === 1 && values.every((value) => value === "0" || value === "1"))
      return { file, label: (set[0] ?? "").normalize("NFC"), split: undefined, line: record.line };
    throw new UserError(
      `"${path}" line ${record.line}: expected a 1 in the column of one class but ${set.length === 0 ? "there is none" : `there are ${listed(set)}`}.`,
      "Photos of several classes at once cannot be learned: give each photo one class, or leave it out.",
    );
  });
}
