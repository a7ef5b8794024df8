/** Photos of classes on disk: which files there are, of which class, for training or for validation. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { mapConcurrently } from "./concurrent.ts";
import { findFlat } from "./layout/flat-layout.ts";
import { type FolderShape, shapeOf } from "./layout/folder-shape.ts";
import { chooseSplits, findSplit } from "./layout/split-layout.ts";
import { plainSplit, splitName } from "./layout/split-names.ts";
import { findTables } from "./manifest/folder-tables.ts";
import { isManifestName, readManifest } from "./manifest/manifest.ts";
import { MARKS_FILE } from "./marks.ts";
import type { FoundPhotos } from "./photo-set.ts";
import type { SplitOptions } from "./split.ts";
import { listFolder } from "./walk.ts";
import { photosOf, shellWord } from "./words.ts";

/**
 * Finds the photos of `data`: a folder with `train` and `val` (or other usual names of such, see `splitName`), each with a folder
 * for each class, as torchvision's ImageFolder reads them; a folder of class folders, which is divided by chance unless each has
 * folders for training and validation of its own; a manifest, also as `manifest.csv` or the like in the folder; or
 * with the tables of labels of Roboflow and Hugging Face. What cannot be used is a `UserError` that names it.
 */
export async function findPhotos(data: string, options: SplitOptions = {}): Promise<FoundPhotos> {
  const found = await stat(data).catch(() => undefined);
  if (found?.isFile() && isManifestName(data)) return withOrderNote(await readManifest(data, options));
  return withOrderNote(await findInFolder(data, options));
}

async function findInFolder(root: string, options: SplitOptions): Promise<FoundPhotos> {
  const { folders, files } = await listFolder(root);
  const manifest = files.find((file) => /^manifest\./.test(file) && isManifestName(file));
  const shapes = await mapConcurrently(folders, (name) => shapeOf(root, name));
  const labelled = await findTables(root, { files, shapes }, options);
  if (labelled) return labelled;
  if (manifest === undefined) requireClassFolders(root, { files, shapes }, options);
  const splits =
    manifest !== undefined && !shapes.some(({ folders }) => 0 < folders.length)
      ? undefined
      : chooseSplits(root, shapes, options);
  if (splits) return findSplit(root, splits, options);
  if (manifest !== undefined) return readManifest(join(root, manifest), options);
  return findFlat(root, shapes, options);
}

/** A table that may hold labels; Kaggle's example of an answer does not. */
const isLabelTable = (file: string): boolean =>
  isManifestName(file) && file !== MARKS_FILE && !/submission|^test|^package/i.test(file);

/** Throws where a folder for training, alone or beside one for testing, holds photos and no class folders, as Kaggle packs them. */
function requireClassFolders(
  root: string,
  { files, shapes }: { files: readonly string[]; shapes: readonly FolderShape[] },
  { measured }: SplitOptions,
): void {
  const train = shapes.find(({ name }) => splitName(name)?.split === "train");
  const areSplits = shapes.every(({ name, folders }) => plainSplit(name) && folders.length === 0);
  const tables = files.filter(isLabelTable);
  const table = tables.find((file) => /label|train|class/i.test(file)) ?? tables[0];
  if (measured || !train || train.photos === 0 || !areSplits || (1 < shapes.length && table === undefined)) return;
  const byFolders = `Put the photos of each class into a folder of its own, such as ${join(root, train.place, "ants")}`;
  throw new UserError(
    `"${root}": expected a folder for each class in "${train.name}" but it holds no class folders, only ${photosOf(train.photos)}.`,
    table === undefined
      ? `${byFolders}; or give a .csv file with the columns file and label.`
      : `"${table}" may hold the labels: give ${shellWord(join(root, table))} as the data set, with the columns file and label, such as ${train.place}/0.jpg,cat`,
  );
}

/** Says how numbers are ordered, which surprises people, where it matters. */
function withOrderNote(found: FoundPhotos): FoundPhotos {
  const { classes } = found;
  const isNumeric = classes.every((name) => /^\d+$/.test(name));
  if (!isNumeric || classes.every((name, index) => index === 0 || Number(classes[index - 1]) <= Number(name)))
    return found;
  const shown = classes.slice(0, SHOWN_CLASSES).join(", ");
  const note = `Classes that are numbers are in the order of text, as in torchvision: ${shown}, … Go by their names.`;
  return { ...found, notes: [...found.notes, note] };
}

const SHOWN_CLASSES = 4;
