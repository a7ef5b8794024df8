/**
 * What people said of single photos: that a label is wrong, or that a photo is to be left out. It is kept beside the photos, in
 * `ocelli-labels.json`; the photos themselves stay where they are.
 */
import { createHash } from "node:crypto";
import { access, constants, mkdir, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import envPaths from "env-paths";
import { messageOf, UserError } from "../../errors.ts";
import { parseJson } from "../../json.ts";
import { lookup } from "../../lookup.ts";
import { nearest } from "../../nearest.ts";
import type { FoundPhotos, PhotoSet } from "./photo-set.ts";
import { counted, listed } from "./words.ts";

/** What was said of a photo: its right class, or that it is left out. */
export type Mark = { readonly label: string; readonly excluded?: undefined } | { readonly excluded: true };

/** Marks by the photos' names, which are relative to the data set's folder, with `/` between the parts. */
export type Marks = Readonly<Record<string, Mark>>;

/** The file of marks in a data set's folder. */
export const MARKS_FILE = "ocelli-labels.json";

const VERSION = 1;

/** Where marks are kept of folders that may not be written to. */
const ownFolder = (): string => process.env.OCELLI_LABELS || join(envPaths("ocelli", { suffix: "" }).data, "labels");

/** The two files in which the marks of the photos in `root` may be. */
async function placesOf(root: string): Promise<{ beside: string; own: string }> {
  const real = await realpath(root).catch(() => root);
  const name = createHash("sha256").update(real).digest("hex").slice(0, 16);
  return { beside: join(root, MARKS_FILE), own: join(ownFolder(), `${name}.json`) };
}

const exists = (path: string, mode = constants.F_OK): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

/**
 * The file that the marks of the photos in `root` are read from and written to: the one in the person's own folder if it is
 * there, and otherwise the one in `root`, or if `root` may not be written to a new one in the person's folder.
 */
export async function marksFile(root: string): Promise<string> {
  const { beside, own } = await placesOf(root);
  if (await exists(own)) return own;
  return (await exists(root, constants.W_OK)) || (await exists(beside)) ? beside : own;
}

/** The file that `marksFile` gives, its folder made, to be written to. */
export async function writableMarksFile(root: string): Promise<string> {
  const { beside, own } = await placesOf(root);
  if (!(await exists(own)) && (await exists(root, constants.W_OK))) return beside;
  await mkdir(dirname(own), { recursive: true });
  return own;
}

/** The marks of the photos in `root`, and the file that they are from; no marks if there is no such file. */
export async function readMarks(root: string): Promise<{ marks: Marks; file: string }> {
  const file = await marksFile(root);
  return { marks: await readMarksFile(file), file };
}

/** The marks in a file; none if it is not there. Any fault is a `UserError`. `read` gives the file's text. */
export async function readMarksFile(
  file: string,
  read = (path: string): Promise<string> => readFile(path, "utf8"),
): Promise<Marks> {
  const text = await read(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    if (error instanceof UserError) throw error;
    throw faulty(file, messageOf(error), error);
  });
  return text === undefined ? {} : parseMarks(text, file);
}

const faulty = (file: string, fault: string, cause?: unknown): UserError =>
  new UserError(
    `"${file}": expected the labels that people corrected but ${fault}.`,
    "Correct the file, or remove it.",
    {
      cause,
    },
  );

function parseMarks(text: string, file: string): Marks {
  let content: { version?: unknown; photos?: unknown };
  try {
    content = parseJson(text) as typeof content;
  } catch (error) {
    throw faulty(file, messageOf(error), error);
  }
  const { version, photos } = content ?? {};
  if (typeof version === "number" && VERSION < version)
    throw new UserError(`"${file}": expected version ${VERSION} but it has ${version}.`, "Update ocelli.");
  if (typeof photos !== "object" || photos === null) throw faulty(file, "it has no photos");
  const entries = Object.entries(photos).map(([name, value]): [string, Mark] => {
    const { label, excluded } = (value ?? {}) as { label?: unknown; excluded?: unknown };
    if (excluded === true) return [name, { excluded }];
    if (typeof label === "string" && label !== "") return [name, { label: label.normalize("NFC") }]; // as classes are
    throw faulty(file, `"${name}" has neither a label nor "excluded": true`);
  });
  return Object.fromEntries(entries);
}

/** What is written of marks: sorted by name, readable by people. */
export function formatMarks(marks: Marks): string {
  const sorted = Object.entries(marks).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ version: VERSION, photos: Object.fromEntries(sorted) }, null, 2)}\n`;
}

/** Photos as marks change them. */
export interface MarkedPhotos {
  readonly found: FoundPhotos;
  /** The marks whose photos are there. */
  readonly applied: Marks;
  /** What was changed, for people; none if nothing was. */
  readonly notes: readonly string[];
}

/** Changes labels and leaves out photos as the marks in `file` say. An unknown class, or one of which nothing is left, is a `UserError`. */
export function applyMarks(found: FoundPhotos, marks: Marks, file: string): MarkedPhotos {
  const { classes } = found;
  const all = new Set([...found.train.names, ...found.val.names]);
  const applied = Object.fromEntries(Object.entries(marks).filter(([name]) => all.has(name)));
  const given = Object.values(applied);
  if (given.length === 0) return { found, applied, notes: [] };
  for (const { label } of given.flatMap((mark) => (mark.excluded ? [] : [mark]))) {
    if (classes.includes(label)) continue;
    const likely = nearest(label, classes);
    throw new UserError(
      `"${file}": expected one of the classes ${listed(classes)} but a photo has "${label}".`,
      likely ? `Did you mean "${likely}"?` : "Correct the file.",
    );
  }
  const change = (photos: PhotoSet, part: string): PhotoSet => changed(photos, { applied, classes, part, file });
  const excluded = given.filter((mark) => mark.excluded).length;
  const parts = [
    given.length === excluded ? "" : `${counted(given.length - excluded, "photo")} with another label`,
    excluded === 0 ? "" : `${counted(excluded, "photo")} left out`,
  ];
  return {
    found: { ...found, train: change(found.train, "training"), val: change(found.val, "validation") },
    applied,
    notes: [`By "${file}": ${parts.filter(Boolean).join(", ")}.`],
  };
}

interface Change {
  readonly applied: Marks;
  readonly classes: readonly string[];
  readonly part: string;
  readonly file: string;
}

function changed({ names, labels }: PhotoSet, { applied, classes, part, file }: Change): PhotoSet {
  const kept = [...names.keys()].filter((index) => !lookup(applied, names[index] ?? "")?.excluded);
  const labelOf = (index: number): number => {
    const mark = lookup(applied, names[index] ?? "");
    return mark && !mark.excluded ? classes.indexOf(mark.label) : (labels[index] ?? 0);
  };
  // in the order of classes, as without marks
  const sorted = kept.toSorted((a, b) => labelOf(a) - labelOf(b) || a - b);
  const result = { names: sorted.map((index) => names[index] ?? ""), labels: sorted.map(labelOf) };
  const gone = classes.filter((_, label) => labels.includes(label) && !result.labels.includes(label));
  if (gone.length === 0) return result;
  throw new UserError(
    `"${file}": expected it to leave photos of each class for ${part} but none of ${listed(gone)} remain.`,
    "Take some marks back.",
  );
}
