/** Data sets by the name or folder that a person gives. */
import { stat } from "node:fs/promises";
import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { loadDigits } from "./digits/index.ts";
import { type IdxData, loadIdxFolder } from "./idx-folder.ts";
import { findIdxSets } from "./idx-names.ts";
import { loadMnist, MNIST_NAMES, type MnistName, type MnistOptions } from "./mnist.ts";
import { isManifestName, loadPhotos, type PhotoOptions } from "./photos/index.ts";

/** Data sets that are known by name; anything else is a folder. */
export const DATA_NAMES = [...MNIST_NAMES, "digits"] as const;

/** How `loadData` may get at the data. */
export interface LoadDataOptions extends Omit<MnistOptions, "name" | "folder" | "mirrors"> {
  /** Exchange rows and columns of a folder's IDX images; the data sets known by name are upright and stay so. */
  readonly transpose?: boolean;
  /** How photos are divided and prepared. */
  readonly photos?: PhotoOptions;
}

/** Whether `data` names photos and not pictures of one size; what is not there at all is not. */
export async function namesPhotos(data: string): Promise<boolean> {
  const found = (DATA_NAMES as readonly string[]).includes(data) ? undefined : await stat(data).catch(() => undefined);
  if (!found?.isDirectory()) return found !== undefined && isManifestName(data);
  return (await findIdxSets(data)).size === 0;
}

const isMnistName = (name: string): name is MnistName => (MNIST_NAMES as readonly string[]).includes(name);

/**
 * The data set called `data`: `mnist`, `fashion-mnist` (downloaded once), `digits` (drawn by ocelli), a folder of IDX files,
 * or photos (a folder of class folders, or a manifest). Anything else is a `UserError` that suggests the nearest name.
 */
export async function loadData(data: string, options: LoadDataOptions = {}): Promise<IdxData> {
  if (data === "digits") return loadDigits(options);
  if (isMnistName(data)) return loadMnist({ ...options, name: data });
  if (await namesPhotos(data)) return loadPhotos(data, options.photos);
  const found = await stat(data).catch(() => undefined);
  if (found?.isDirectory()) return loadIdxFolder(data, options);
  const likely = nearest(data, DATA_NAMES);
  throw new UserError(
    `data "${data}": expected ${DATA_NAMES.join(", ")}, a folder or a .csv or .jsonl file, but ${found ? "it is another file" : "there is no such name or folder"}.`,
    likely ? `Did you mean "${likely}"?` : "Check the path.",
  );
}
