/** A folder of IDX files named as MNIST's or EMNIST's: images and labels, for training (`train`) and for testing (`t10k`, `test`). */
import { createHash, type Hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { type Dataset, type ImageShape, pixelDataset } from "./dataset.ts";
import { type IdxImages, readIdxPair } from "./idx.ts";
import { type IdxFiles, mappedClasses, onlyIdxSet } from "./idx-names.ts";

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
  /** Whether rows and columns were exchanged. */
  readonly transposed?: boolean;
}

/** What `loadIdxFiles` and `loadIdxFolder` take. */
export interface IdxOptions {
  /** The name of each class, by label. */
  readonly classes?: readonly string[];
  /** Give pixels as 0..255 and not as 0..1. */
  readonly rawPixels?: boolean;
  /** Exchange the rows and columns of images, which EMNIST stores so. */
  readonly transpose?: boolean;
  /** The label of the first class, 0 by default. */
  readonly firstLabel?: number;
}

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

/** The images with rows and columns exchanged. */
function transposed({ pixels, count, height, width }: IdxImages): IdxImages {
  const out = new Uint8Array(pixels.length);
  const area = height * width;
  for (let at = 0; at < pixels.length; at++) {
    const place = at % area;
    out[at - place + (place % width) * height + Math.floor(place / width)] = pixels[at] ?? 0;
  }
  return { pixels: out, count, height: width, width: height };
}

/** Reads images and labels as the options ask for. */
async function readSplit(images: string, labels: string, options: IdxOptions): Promise<Split> {
  const { classes, firstLabel = 0, transpose } = options;
  const read = await readIdxPair(images, labels, classes && firstLabel + classes.length);
  const below = read.labels.findIndex((label) => label < firstLabel);
  if (below !== -1) {
    throw new UserError(
      `"${labels}": expected labels from ${firstLabel} on but label number ${below} is ${read.labels[below]}.`,
      "Correct the label, or the mapping of the data set.",
    );
  }
  return {
    images: transpose ? transposed(read.images) : read.images,
    labels: firstLabel === 0 ? read.labels : read.labels.map((label) => label - firstLabel),
  };
}

/** Reads the four files, which must agree with each other; otherwise a `UserError`. */
export async function loadIdxFiles(files: IdxFiles, options: IdxOptions = {}): Promise<Omit<IdxData, "source">> {
  const [train, test] = await Promise.all([
    readSplit(files["train-images-idx3"], files["train-labels-idx1"], options),
    readSplit(files["t10k-images-idx3"], files["t10k-labels-idx1"], options),
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
  const parts = { train: dataset(train), test: dataset(test), dataHash: hash.digest("hex") };
  return { ...parts, transposed: options.transpose === true };
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

/** What a person should know of how rows and columns are read. */
function orientationNotes(prefix: string, transpose: boolean): string[] {
  if (transpose) return ["The rows and columns of the pictures are exchanged, as --transpose asks for."];
  if (!prefix.startsWith("emnist")) return [];
  return [
    "Pictures of EMNIST are stored with rows and columns exchanged, and are left so; --transpose turns them upright. A model that is trained without it is wrong on photos, which are upright.",
  ];
}

/**
 * Loads a folder of IDX files, packed or plain. The classes are those that the folder's `classes.txt` names, one on each
 * line, or EMNIST's mapping, or else 0 to the largest training label. Missing files, files of several data sets and files
 * that do not agree are a `UserError`.
 */
export async function loadIdxFolder(folder: string, options: IdxOptions = {}): Promise<IdxData> {
  const { prefix, files } = await onlyIdxSet(folder);
  const mapped = await mappedClasses(folder, prefix);
  const classes = options.classes ?? (await namedClasses(folder)) ?? mapped?.names;
  const loaded = await loadIdxFiles(files, { firstLabel: mapped?.first, ...options, classes });
  const notes = orientationNotes(prefix, options.transpose === true);
  return { ...loaded, source: `IDX files in "${folder}"`, ...(0 < notes.length && { notes }) };
}
