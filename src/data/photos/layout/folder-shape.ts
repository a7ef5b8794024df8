/** What a folder holds at first sight, before its photos are listed. */
import { join } from "node:path";
import { isPhotoName, joinName, listFolder } from "../walk.ts";
import { isPlainName, splitName } from "./split-names.ts";

/** A folder in the data set's. */
export interface FolderShape {
  /** Its name among its siblings. */
  readonly name: string;
  /** Where its folders and photos are, relative to the data set: inside it, if it holds a folder that only repeats its name. */
  readonly place: string;
  readonly folders: readonly string[];
  /** How many photos lie in it, in none of its folders. */
  readonly photos: number;
  /** Its other files. */
  readonly others: readonly string[];
}

/** Looks into a folder, and into a single one in it that says no more than its own name: `seg_train/seg_train`, `train/images`. */
export async function shapeOf(root: string, name: string): Promise<FolderShape> {
  const split = splitName(name)?.split;
  const look = async (place: string): Promise<FolderShape> => {
    const { folders, files } = await listFolder(join(root, place));
    const photos = files.filter(isPhotoName).length;
    const [inner] = folders;
    const repeats = inner !== undefined && (splitName(inner)?.split === split || isPlainName(inner));
    if (split !== undefined && folders.length === 1 && photos === 0 && repeats) return look(joinName(place, inner));
    return { name, place, folders, photos, others: files.filter((file) => !isPhotoName(file)) };
  };
  return look(name);
}

/** Whether a folder holds folders and nothing that is itself a photo. */
export const holdsFolders = ({ folders, photos }: FolderShape): boolean => 0 < folders.length && photos === 0;
