/** Photos of classes on disk: which files there are, of which class, for training or for validation. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { isManifestName, readManifest } from "./manifest.ts";
import { MARKS_FILE } from "./marks.ts";
import { type FoundPhotos, type PhotoSet, requireSameClasses, requireTwo, type SkippedFile } from "./photo-set.ts";
import { type SplitOptions, stratifiedSplit } from "./split.ts";
import { compareCodePoints, findFiles, joinName, leftOutReason, listFolder, PHOTO_EXTENSIONS } from "./walk.ts";
import { counted, listed } from "./words.ts";

const TRAIN = "train";
/** What the validation folder may be called; the first that is there is taken. */
const VAL_NAMES = ["val", "valid", "validation", "test"] as const;

/**
 * Finds the photos of `data`: a folder with `train` and `val` (or `valid`, `validation`, `test`), each with a folder for
 * each class, as torchvision's ImageFolder reads them; a folder of class folders, which is divided by chance; or a manifest,
 * also as `manifest.csv` or `manifest.jsonl` in the folder. What cannot be used is a `UserError` that names it.
 */
export async function findPhotos(data: string, options: SplitOptions = {}): Promise<FoundPhotos> {
  const found = await stat(data).catch(() => undefined);
  if (found?.isFile() && isManifestName(data)) return readManifest(data, options);
  const { folders, files } = await listFolder(data);
  const train = folderCalled(folders, TRAIN);
  if (train !== undefined) return findSplit(data, { train, folders });
  const manifest = files.find(isManifest);
  if (manifest !== undefined) return readManifest(join(data, manifest), options);
  return findFlat(data, options);
}

const isManifest = (file: string): boolean => file === "manifest.csv" || file === "manifest.jsonl";

const folderCalled = (folders: readonly string[], name: string): string | undefined =>
  folders.find((folder) => folder === name) ?? folders.find((folder) => folder.toLowerCase() === name);

/** The photos of each class folder of one folder. */
interface ClassFolders {
  readonly byClass: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly SkippedFile[];
}

async function readClassFolders(root: string, folder: string): Promise<ClassFolders> {
  const { folders, files } = await listFolder(join(root, folder));
  const byClass = new Map<string, readonly string[]>();
  const loose = files.filter((file) => file !== MARKS_FILE);
  const skipped = loose.map((file): SkippedFile => ({ name: joinName(folder, file), reason: "in no class folder" }));
  for (const name of folders) {
    const { photos, others } = await findFiles(root, joinName(folder, name));
    byClass.set(name, photos);
    skipped.push(...others.map((other): SkippedFile => ({ name: other, reason: leftOutReason(other) })));
  }
  return { byClass, skipped };
}

/** The classes of the folders, of which there must be two at least, each with a photo at least. */
function checkedClasses(path: string, { byClass, skipped }: ClassFolders): string[] {
  const classes = [...byClass.keys()];
  if (classes.length === 0) {
    const loose = skipped.length === 0 ? "it is empty" : `it holds only ${counted(skipped.length, "file")}`;
    throw new UserError(
      `"${path}": expected a folder for each class but ${loose}.`,
      `Put the photos of each class into a folder of its own, such as ${join(path, "ants")} and ${join(path, "bees")}.`,
    );
  }
  const empty = classes.filter((name) => byClass.get(name)?.length === 0);
  if (0 < empty.length) {
    const skippedHere = skipped.filter(({ reason }) => reason !== "in no class folder").length;
    const also =
      skippedHere === 0
        ? ""
        : ` (${counted(skippedHere, "file")} there ${skippedHere > 1 ? "have" : "has"} other endings)`;
    throw new UserError(
      `"${path}": expected photos in each class folder but ${listed(empty)} ${empty.length > 1 ? "have" : "has"} none${also}.`,
      `Add photos (${PHOTO_EXTENSIONS.join(" ")}), or remove the folder.`,
    );
  }
  requireTwo(path, classes);
  return classes;
}

const setOf = ({ byClass }: ClassFolders, classes: readonly string[]): PhotoSet => ({
  names: classes.flatMap((name) => byClass.get(name) ?? []),
  labels: classes.flatMap((name, label) => (byClass.get(name) ?? []).map(() => label)),
});

async function findSplit(
  root: string,
  { train, folders }: { train: string; folders: readonly string[] },
): Promise<FoundPhotos> {
  const val = VAL_NAMES.map((name) => folderCalled(folders, name)).find((name) => name !== undefined);
  if (val === undefined) {
    throw new UserError(
      `"${root}": expected a folder val beside ${train} but there is none.`,
      `Put photos for validation there, or give "${join(root, train)}", of which a share is then set aside.`,
    );
  }
  const forTraining = await readClassFolders(root, train);
  const forValidation = await readClassFolders(root, val);
  const classes = checkedClasses(join(root, train), forTraining);
  const present = [...forValidation.byClass].filter(([, names]) => 0 < names.length).map(([name]) => name);
  requireSameClasses(join(root, val), classes, present);
  const skipped = [...forTraining.skipped, ...forValidation.skipped];
  return {
    ...{ root, layout: "split", classes, skipped },
    train: setOf(forTraining, classes),
    val: setOf(forValidation, classes),
  };
}

async function findFlat(root: string, options: SplitOptions): Promise<FoundPhotos> {
  const folders = await readClassFolders(root, "");
  const classes = checkedClasses(root, folders).sort(compareCodePoints);
  if (classes.every((name) => (VAL_NAMES as readonly string[]).includes(name.toLowerCase()))) {
    throw new UserError(
      `"${root}": expected a folder train beside ${listed(classes)} but there is none.`,
      "Put photos for training there, in a folder for each class.",
    );
  }
  const division = stratifiedSplit(setOf(folders, classes), classes, options);
  return { root, layout: "flat", classes, ...division, skipped: folders.skipped };
}
