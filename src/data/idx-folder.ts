/** A folder of IDX files named as MNIST's: images and labels, for training (`train`) and for testing (`t10k`). */
import { createHash, type Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { type Dataset, type ImageShape, pixelDataset } from "./dataset.ts";
import { type IdxImages, readIdxPair } from "./idx.ts";

/** The four files of a data set. */
export const IDX_PARTS = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] as const;
/** One of the four files. */
export type IdxPart = (typeof IDX_PARTS)[number];

/** Where each of the four files is. */
export type IdxFiles = Readonly<Record<IdxPart, string>>;

/** A data set in two parts, and what identifies it. */
export interface IdxData {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Where it is from, for people. */
  readonly source: string;
  /** SHA-256 over shapes, pixels and labels, the same for plain and packed files. */
  readonly dataHash: string;
  /** What a person should know of it, such as files that were left out. */
  readonly notes?: readonly string[];
}

/** What `loadIdxFiles` and `loadIdxFolder` take. */
export interface IdxOptions {
  /** The name of each class, by label. */
  readonly classes?: readonly string[];
  /** Give pixels as 0..255 and not as 0..1. */
  readonly rawPixels?: boolean;
}

/** The names that a part may have; some archives write the first dash before `idx` as a dot. */
const namesOf = (part: IdxPart): string[] =>
  [part, part.replace("-idx", ".idx")].flatMap((name) => [`${name}-ubyte.gz`, `${name}-ubyte`]);

/** The files in `folder`, and the usual names of those that are missing. A missing folder has no files. */
export async function findIdxFiles(folder: string): Promise<{ files: Partial<IdxFiles>; missing: string[] }> {
  const present = new Set(await readdir(folder).catch(() => []));
  const files: Partial<Record<IdxPart, string>> = {};
  const missing: string[] = [];
  for (const part of IDX_PARTS) {
    const name = namesOf(part).find((candidate) => present.has(candidate));
    if (name) files[part] = join(folder, name);
    else missing.push(`${part}-ubyte.gz`);
  }
  return { files, missing };
}

/** Whether all four files were found. */
export const isComplete = (files: Partial<IdxFiles>): files is IdxFiles => IDX_PARTS.every((part) => part in files);

interface Split {
  readonly images: IdxImages;
  readonly labels: Uint8Array;
}

const shapeOf = ({ height, width }: IdxImages): ImageShape => [1, height, width];

function updateHash(hash: Hash, { images, labels }: Split): Hash {
  const { count, height, width, pixels } = images;
  return hash.update(`${count},${height},${width};`).update(pixels).update(labels);
}

/** The classes 0, 1, … that the training labels have; a test label beyond them is a `UserError`. */
function inferredClasses(train: Split, test: Split, testLabels: string): string[] {
  const count = 1 + train.labels.reduce((largest, label) => Math.max(largest, label), 0);
  const outside = test.labels.findIndex((label) => label >= count);
  if (outside !== -1) {
    throw new UserError(
      `"${testLabels}": expected labels in 0..${count - 1}, as in training, but label number ${outside} is ${test.labels[outside]}.`,
      "Correct the label, or name every class in a file classes.txt, one on each line.",
    );
  }
  return Array.from({ length: count }, (_, label) => String(label));
}

/** Reads the four files, which must agree with each other; otherwise a `UserError`. */
export async function loadIdxFiles(files: IdxFiles, options: IdxOptions = {}): Promise<Omit<IdxData, "source">> {
  const [train, test] = await Promise.all([
    readIdxPair(files["train-images-idx3"], files["train-labels-idx1"], options.classes?.length),
    readIdxPair(files["t10k-images-idx3"], files["t10k-labels-idx1"], options.classes?.length),
  ]);
  const shape = shapeOf(train.images);
  if (String(shape) !== String(shapeOf(test.images))) {
    const { height, width } = test.images;
    throw new UserError(
      `"${files["t10k-images-idx3"]}": expected images of ${shape[1]}×${shape[2]} pixels, as in training, but they have ${height}×${width}.`,
      "Use training and test images of one size.",
    );
  }
  const classes = options.classes ?? inferredClasses(train, test, files["t10k-labels-idx1"]);
  const dataset = ({ images, labels }: Split) =>
    pixelDataset({ images: images.pixels, labels, shape, classes, rawPixels: options.rawPixels });
  const hash = [train, test].reduce(updateHash, createHash("sha256"));
  return { train: dataset(train), test: dataset(test), dataHash: hash.digest("hex") };
}

/** The class names in `classes.txt`, if the folder has one. */
async function namedClasses(folder: string): Promise<string[] | undefined> {
  const file = join(folder, "classes.txt");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split("\n").map((line) => line.trim());
  const names = lines.filter((line) => line !== "");
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (names.length > 0 && twice === undefined) return names;
  throw new UserError(
    `"${file}": expected the names of the classes, one on each line, but ${twice === undefined ? "it names none" : `"${twice}" is there twice`}.`,
    "Correct the file, or remove it to number the classes.",
  );
}

/**
 * Loads a folder of IDX files, packed or plain. The classes are those that the folder's `classes.txt` names, one on each
 * line, or else 0 to the largest training label. Missing files and files that do not agree are a `UserError`.
 */
export async function loadIdxFolder(folder: string, options: IdxOptions = {}): Promise<IdxData> {
  const { files, missing } = await findIdxFiles(folder);
  if (!isComplete(files)) {
    throw new UserError(
      `"${folder}": expected the IDX files of a data set but ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing.`,
      "Put the four files there, as .gz or unpacked.",
    );
  }
  const classes = options.classes ?? (await namedClasses(folder));
  return { ...(await loadIdxFiles(files, { ...options, classes })), source: `IDX files in "${folder}"` };
}
