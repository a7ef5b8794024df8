/** The rows of manifests of all forms. */
import { UserError } from "../../../errors.ts";
import { brief, shownValue } from "../../../harmless.ts";
import { parsedJson } from "../../../json.ts";
import { listed, shellWord } from "../words.ts";
import { type CsvRecord, parseCsv, type Separator } from "./csv.ts";

/** A photo that a manifest names. */
export interface Row {
  readonly file: string;
  readonly label: string;
  readonly split: string | undefined;
  /** Number of its line, from 1, or in JSON of its place in the list. */
  readonly line: number;
}

/** What columns may be called, the likeliest first. */
const COLUMNS = {
  file: [
    "file",
    "file_name",
    "filename",
    "file_path",
    "filepath",
    "path",
    "image",
    "image_path",
    "image_name",
    "img",
    "image_id",
    "id",
  ],
  label: ["label", "class", "class_name", "category", "label_name"],
  split: ["split", "subset", "set"],
} as const;

/** Columns that a message lists. */
const MOST_COLUMNS = 12;

type Column = keyof typeof COLUMNS;

/** Where a column stands; −1 if there is none of its names. */
const placeOf = (columns: readonly string[], column: Column): number =>
  columns.indexOf(COLUMNS[column].find((name) => columns.includes(name)) ?? "");

/** Whether a table or JSON lines have labels, as far as the first line shows. */
export function hasLabels(text: string, path: string): boolean {
  if (!/\.jsonl$/i.test(path)) return placeOf(readTable(text, path, ",").columns, "label") !== -1;
  const first = parsedJson(text.split("\n").find((line) => line.trim() !== "") ?? "");
  return typeof first === "object" && first !== null && COLUMNS.label.some((name) => name in first);
}

/** The rows of a manifest, in the form that its name says. */
export function rowsOf(text: string, path: string): Row[] {
  if (/\.jsonl$/i.test(path)) return rowsOfJsonLines(text, path);
  if (/\.json$/i.test(path)) return rowsOfJson(text, path);
  return rowsOfTable(text, path, /\.tsv$/i.test(path) ? "\t" : ",");
}

/** The names in a table's first line, and the lines after it. What separates values or ends lines otherwise is a `UserError`. */
function readTable(text: string, path: string, separator: Separator) {
  requireSeparator(text, path, separator);
  const [header, ...records] = parseCsv(text, path, separator);
  return { columns: header?.cells.map((name) => name.trim().toLowerCase()) ?? [], records };
}

function rowsOfTable(text: string, path: string, separator: Separator): Row[] {
  const { columns, records } = readTable(text, path, separator);
  const places = { file: placeOf(columns, "file"), label: placeOf(columns, "label"), split: placeOf(columns, "split") };
  if (places.file === -1 || places.label === -1) {
    throw new UserError(
      `"${path}": expected the columns file and label but ${columns.length === 0 ? "it is empty" : `the first line has ${listed(columns, MOST_COLUMNS)}`}.`,
      `Begin the file with the line: file${separator}label`,
    );
  }
  return records.map((record) => {
    requireAsMany(record, columns, path);
    const cell = (column: Column): string | undefined => record.cells[places[column]];
    return checkedRow({ file: cell("file"), label: cell("label"), split: cell("split"), line: record.line }, path);
  });
}

/** Throws unless a record has a value for each column. */
export function requireAsMany({ cells, line }: CsvRecord, columns: readonly string[], path: string): void {
  if (cells.length === columns.length) return;
  throw new UserError(
    `"${path}" line ${line}: expected ${columns.length} values, as the first line has, but there ${cells.length === 1 ? "is" : "are"} ${cells.length}.`,
    "Put values with a comma in them between double quotes.",
  );
}

const SEPARATORS = [",", ";", "\t", "|"] as const;
const SEPARATOR_NAMES = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical lines" } as const;

/** Throws where the first line shows that values are separated, or lines ended, by something else. */
function requireSeparator(text: string, path: string, separator: Separator): void {
  if (!text.includes("\n") && /\r[^\r\n]/.test(text)) {
    throw new UserError(
      `"${path}": expected lines that end in a line feed but they end in carriage returns alone, as on old Macs.`,
      `Save it with other ends of lines, or convert it: tr '\\r' '\\n' < ${shellWord(path)} > lines.csv`,
    );
  }
  const [header = ""] = text.split(/\r?\n/, 1);
  const names = (by: string): string[] =>
    header.split(by).map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .toLowerCase(),
    );
  const fits = (by: string): boolean =>
    (["file", "label"] as const).every((column) => placeOf(names(by), column) !== -1);
  const other = fits(separator) ? undefined : SEPARATORS.find((one) => one !== separator && fits(one));
  if (other === undefined) return;
  const said = `"${path}" line 1: expected ${SEPARATOR_NAMES[separator]} between the values but they are separated by ${SEPARATOR_NAMES[other]}.`;
  if (other === "\t") throw new UserError(said, "Name the file .tsv, which is read so.");
  const safe = separator === "," && !text.includes(",") && !text.includes('"');
  const convert = `, or convert it: tr '${other}' ',' < ${shellWord(path)} > commas.csv`;
  throw new UserError(said, `Save it with ${SEPARATOR_NAMES[separator]}${safe ? convert : "."}`);
}

function rowsOfJsonLines(text: string, path: string): Row[] {
  return text.split("\n").flatMap((content, index) => {
    if (content.trim() === "") return [];
    const line = index + 1;
    const value = parsedJson(content);
    if (typeof value !== "object" || value === null) {
      throw new UserError(
        `"${path}" line ${line}: expected an object such as {"file":"a.jpg","label":"ants"} but got ${brief(content.trim(), 40)}.`,
        "Write one JSON object on each line.",
      );
    }
    return [rowOfObject(value as Record<string, unknown>, line, path)];
  });
}

/** Reads a list of objects as in JSON lines, or one object of labels by files. */
function rowsOfJson(text: string, path: string): Row[] {
  const value = parsedJson(text);
  const isObject = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  if (Array.isArray(value) && value.every(isObject))
    return value.map((one, index) => rowOfObject(one, index + 1, path));
  if (isObject(value) && Object.values(value).every((label) => typeof label === "string" || typeof label === "number"))
    return Object.entries(value).map(([file, label], index) => rowOfObject({ file, label }, index + 1, path));
  const received = value === undefined ? "it is no JSON" : "it is other JSON";
  throw new UserError(
    `"${path}": expected a list of objects such as {"file":"a.jpg","label":"ants"} but ${received}.`,
    'Write such a list, or one object of labels by files: {"a.jpg":"ants"}',
  );
}

function rowOfObject(value: Record<string, unknown>, line: number, path: string): Row {
  const of = (column: Column): unknown => value[COLUMNS[column].find((name) => name in value) ?? column];
  const label = of("label");
  return checkedRow(
    { file: of("file"), label: typeof label === "number" ? String(label) : label, split: of("split"), line },
    path,
  );
}

function checkedRow({ file, label, split, line }: Record<Column, unknown> & { line: number }, path: string): Row {
  for (const [name, value] of Object.entries({ file, label })) {
    if (typeof value === "string" && value.trim() !== "") continue;
    const received = value === undefined || value === "" ? "it is missing" : `it is ${shownValue(value)}`;
    throw new UserError(`"${path}" line ${line}: expected a ${name} but ${received}.`, `Give each photo a ${name}.`);
  }
  if (!["string", "number", "undefined"].includes(typeof (split ?? undefined)))
    throw new UserError(
      `"${path}" line ${line}: expected the split train or val but it is ${shownValue(split)}.`,
      "Give each photo a split, or leave it out to have them divided by chance.",
    );
  return {
    file: String(file).trim(),
    label: String(label).trim().normalize("NFC"),
    split: split === undefined || split === null ? undefined : String(split).trim(),
    line,
  };
}
