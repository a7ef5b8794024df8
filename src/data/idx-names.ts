/** Which files of a folder are a data set's: MNIST's own names, and those of EMNIST, QMNIST and others with a prefix. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";

/** The four files of a data set. */
export const IDX_PARTS = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] as const;
/** One of the four files. */
export type IdxPart = (typeof IDX_PARTS)[number];

/** Where each of the four files is. */
export type IdxFiles = Readonly<Record<IdxPart, string>>;

/** Names such as `train-images-idx3-ubyte.gz`; some archives write the dash before `idx` as a dot, QMNIST's labels are `idx2-int`. */
const NAME =
  /^(?:(?<prefix>.+)[-_])?(?:(?<split>train|test|t10k)[-_](?<kind>images|labels)|(?<kind2>images|labels)[-_](?<split2>train|test|t10k))[-.]idx[123]-(?:ubyte|int)(?:\.gz)?$/;

/** The part that a file's name says, and the prefix before it, such as `emnist-letters`; undefined if it is no such name. */
function partOf(name: string): { prefix: string; part: IdxPart } | undefined {
  const said = NAME.exec(name)?.groups;
  if (!said) return undefined;
  const split = (said.split ?? said.split2) === "train" ? "train" : "t10k";
  const isImages = (said.kind ?? said.kind2) === "images";
  return { prefix: said.prefix ?? "", part: isImages ? `${split}-images-idx3` : `${split}-labels-idx1` };
}

/** The data sets of IDX files in `folder`, by the prefix of their names; a missing folder has none. Packed files come before plain ones. */
export async function findIdxSets(folder: string): Promise<ReadonlyMap<string, Partial<IdxFiles>>> {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  const sets = new Map<string, Partial<Record<IdxPart, string>>>();
  for (const name of [...names.filter((one) => one.endsWith(".gz")), ...names]) {
    const said = partOf(name);
    if (!said) continue;
    const files = sets.get(said.prefix) ?? {};
    sets.set(said.prefix, files);
    files[said.part] ??= join(folder, name);
  }
  return sets;
}

/** The files in `folder` that have no prefix. */
export const findIdxFiles = async (folder: string): Promise<Partial<IdxFiles>> =>
  (await findIdxSets(folder)).get("") ?? {};

/** Whether all four files were found. */
export const isComplete = (files: Partial<IdxFiles>): files is IdxFiles => IDX_PARTS.every((part) => part in files);

/** The four files of the one data set in `folder`, and the prefix of their names. None, several or missing files are a `UserError`. */
export async function onlyIdxSet(folder: string): Promise<{ prefix: string; files: IdxFiles }> {
  const sets = await findIdxSets(folder);
  const [[prefix, files] = ["", {}] as const, ...others] = sets;
  if (0 < others.length) {
    const names = [...sets.keys()].map((name) => (name === "" ? "no prefix" : `"${name}"`)).join(", ");
    throw new UserError(
      `"${folder}": expected the IDX files of one data set but there are those of ${sets.size}, whose names begin with ${names}.`,
      "Put the files of the one to use into a folder of its own, and give that folder.",
    );
  }
  if (isComplete(files)) return { prefix, files };
  const missing = IDX_PARTS.filter((part) => !(part in files)).map((part) =>
    prefix === "" ? `${part}-ubyte.gz` : `${prefix}-${part.replace("t10k", "test")}-ubyte.gz`,
  );
  throw new UserError(
    `"${folder}": expected the IDX files of a data set but ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing.`,
    "Put the four files there, as .gz or unpacked.",
  );
}

/** Names of classes, and the label of the first of them. */
export interface LabelNames {
  readonly names: readonly string[];
  readonly first: number;
}

/** EMNIST's letters are labelled from 1, with a capital and a small letter in one class. */
const LETTERS: LabelNames = { names: [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"], first: 1 };

/**
 * The classes that EMNIST's `<prefix>-mapping.txt` names: on each line a label and the code of its character, or of several
 * of which the first names it. Undefined if there is no such file. A faulty one is a `UserError`.
 */
export async function mappedClasses(folder: string, prefix: string): Promise<LabelNames | undefined> {
  const file = join(folder, `${prefix}-mapping.txt`);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return prefix === "emnist-letters" ? LETTERS : undefined;
  const faulty = (fault: string): UserError =>
    new UserError(
      `"${file}": expected a label and the code of its character on each line, such as "10 65", but ${fault}.`,
      "Fetch the file again, or remove it to number the classes.",
    );
  const lines = text.split("\n").map((line) => line.trim());
  const rows = lines.flatMap((line, index) => {
    if (line === "") return [];
    const [label = -1, code = -1] = line.split(/\s+/).map((word) => (/^\d+$/.test(word) ? Number(word) : -1));
    if (label < 0 || code < 0 || 255 < label || 0x10ffff < code) throw faulty(`line ${index + 1} is "${line}"`);
    return [{ label, name: String.fromCodePoint(code) }];
  });
  rows.sort((a, b) => a.label - b.label);
  const first = rows[0]?.label;
  if (first === undefined) throw faulty("it is empty");
  const gap = rows.findIndex(({ label }, index) => label !== first + index);
  if (gap !== -1) throw faulty(`label ${first + gap} is missing or there twice`);
  const names = rows.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw faulty(`two labels are "${twice}"`);
  return { names, first };
}
