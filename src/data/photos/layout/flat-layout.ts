/** Class folders without splits, and those that hold their own splits. */
import { join, relative } from "node:path";
import { UserError } from "../../../errors.ts";
import { type FoundPhotos, withoutTest } from "../photo-set.ts";
import { type SplitOptions, stratifiedSplit } from "../split.ts";
import { listed, shellWord } from "../words.ts";
import { checkedClasses, dividedFolders, readClassFolders, setOf } from "./class-folders.ts";
import { type FolderShape, holdsFolders, shapeOf } from "./folder-shape.ts";
import { sameFolders } from "./split-layout.ts";
import { splitFolders, splitName } from "./split-names.ts";

/** Finds the photos of class folders and divides them, unless each class folder says itself which are for training. */
export async function findFlat(
  root: string,
  shapes: readonly FolderShape[],
  options: SplitOptions,
): Promise<FoundPhotos> {
  const [only] = shapes;
  if (only && shapes.length === 1 && holdsFolders(only)) throw await nested(root, only);
  const inner = shapes.map(({ folders }) => splitFolders(folders));
  const splits = inner.filter(({ train, val, test }) => 0 < train.length && 0 < val.length + test.length);
  if (0 < splits.length && shapes.every(holdsFolders)) return findClassFirst(root, shapes, options);
  requireOwnFolders(root, shapes);
  const folders = await readClassFolders(root, "");
  const classes = checkedClasses(root, folders, options);
  if (options.measured === "test") throw withoutTest(root);
  const division = stratifiedSplit(setOf(folders, classes), classes, options);
  const likeSplits = classes.filter((name) => splitName(name)?.bare);
  const notes = likeSplits.map(
    (name) => `The folder "${name}" holds photos and no class folders: it is taken for a class.`,
  );
  return { root, layout: "flat", classes, ...division, skipped: folders.skipped, notes };
}

/** Throws if two of the would-be classes hold the same folders, and no photos besides. */
function requireOwnFolders(root: string, shapes: readonly FolderShape[]): void {
  const holders = new Map<string, FolderShape>();
  for (const shape of shapes.filter(holdsFolders)) {
    for (const other of new Set(shape.folders.flatMap((name) => holders.get(name) ?? [])))
      if (1 < shape.folders.filter((name) => other.folders.includes(name)).length)
        throw sameFolders(root, other, shape);
    for (const name of shape.folders) if (!holders.has(name)) holders.set(name, shape);
  }
}

/** That the data set lies in a folder of the one that was given. */
async function nested(root: string, only: FolderShape): Promise<UserError> {
  let path = join(root, only.place);
  let folders = only.folders;
  for (let [inner] = folders; inner !== undefined && folders.length === 1; [inner] = folders) {
    const shape = await shapeOf(path, inner);
    if (!holdsFolders(shape)) break;
    path = join(path, shape.place);
    folders = shape.folders;
  }
  return new UserError(
    `"${root}": expected a folder for each class but there is only "${relative(root, path)}", which holds ${listed(folders)}.`,
    `Give the folder inside, for example: ocelli data check ${shellWord(path)}`,
  );
}

/** Reads `ants/train`, `ants/val`, `bees/train`, …, of which each class must have both. */
async function findClassFirst(
  root: string,
  shapes: readonly FolderShape[],
  options: SplitOptions,
): Promise<FoundPhotos> {
  const all = [...new Set(shapes.flatMap(({ folders }) => folders))];
  const named = splitFolders(all);
  const [train = ""] = named.train;
  const [val = ""] = options.measured === "test" ? named.test : [...named.val, ...named.test];
  if (val === "") throw withoutTest(root);
  for (const shape of shapes) await requireInnerSplits(root, shape, [train, val]);
  const training = await readClassFolders(root, "", train);
  const validation = await readClassFolders(root, "", val);
  const divided = dividedFolders({ training, validation }, { training: root, validation: root }, options);
  const told = new Set(training.skipped.map(({ name }) => name)); // loose files are told by both
  const unused = all.filter((name) => name !== train && name !== val);
  const besides = unused.length === 0 ? "" : `; ${listed(unused)} ${unused.length > 1 ? "are" : "is"} not used`;
  return {
    ...{ root, ...divided },
    skipped: [...training.skipped, ...validation.skipped.filter(({ name }) => !told.has(name))],
    notes: [`Each class has its own folders: "${train}" is for training, "${val}" for validation${besides}.`],
  };
}

/** Throws unless a class has both folders, with photos in the first. */
async function requireInnerSplits(root: string, { name, place, folders }: FolderShape, splits: readonly string[]) {
  const missing = splits.find((split) => !folders.includes(split));
  if (missing !== undefined)
    throw new UserError(
      `"${root}": expected the folders ${listed(splits)} in each class, as some have, but "${name}" has no "${missing}".`,
      "Give each class both folders, or put the photos of each class right into its folder.",
    );
  const [train = ""] = splits;
  const inner = await shapeOf(join(root, place), train);
  if (!holdsFolders(inner)) return;
  throw new UserError(
    `"${root}": expected photos in "${name}/${train}" but it holds the folders ${listed(inner.folders)}.`,
    `"${name}" seems to be a data set of its own: ocelli data check ${shellWord(join(root, name))}`,
  );
}
