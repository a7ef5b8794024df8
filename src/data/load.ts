/** Data sets by the name or folder that a person gives. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { loadDigits } from "./digits/index.ts";
import { findIdxFiles, type IdxData, loadIdxFolder } from "./idx-folder.ts";
import { loadMnist, MNIST_NAMES, type MnistName, type MnistOptions } from "./mnist.ts";

/** Data sets that are known by name; anything else is a folder. */
export const DATA_NAMES = [...MNIST_NAMES, "digits"] as const;

/** How `loadData` may get at the data. */
export type LoadDataOptions = Omit<MnistOptions, "name" | "folder" | "mirrors">;

const isMnistName = (name: string): name is MnistName => (MNIST_NAMES as readonly string[]).includes(name);

/**
 * The data set called `data`: `mnist`, `fashion-mnist` (downloaded once), `digits` (drawn by ocelli), or a folder of IDX
 * files. Anything else is a `UserError` that suggests the nearest name.
 */
export async function loadData(data: string, options: LoadDataOptions = {}): Promise<IdxData> {
  if (data === "digits") return loadDigits(options);
  if (isMnistName(data)) return loadMnist({ ...options, name: data });
  const found = await stat(data).catch(() => undefined);
  if (found?.isDirectory()) {
    await refuseClassFolders(data);
    return loadIdxFolder(data, options);
  }
  const likely = nearest(data, DATA_NAMES);
  throw new UserError(
    `data "${data}": expected ${DATA_NAMES.join(", ")} or a folder, but ${found ? "it is a file" : "there is no such name or folder"}.`,
    likely ? `Did you mean "${likely}"?` : "Check the path.",
  );
}

async function refuseClassFolders(folder: string): Promise<void> {
  const { missing } = await findIdxFiles(folder);
  const entries = await readdir(join(folder, "train"), { withFileTypes: true }).catch(() => []);
  if (missing.length === 0 || !entries.some((entry) => entry.isDirectory())) return;
  throw new UserError(
    `"${folder}": expected IDX files but it is a folder of photos in class folders, which this version cannot read yet.`,
    "Use mnist, fashion-mnist, digits or a folder of IDX files.",
  );
}
