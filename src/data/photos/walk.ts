/** Folders and the photos in them, in the order in which torchvision's ImageFolder finds them. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { messageOf, UserError } from "../../errors.ts";

/** Endings of the files that are taken for photos, in upper or lower case, as torchvision's ImageFolder has them. */
export const PHOTO_EXTENSIONS = [".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"] as const;

/** Whether a file of that name is taken for a photo. */
export const isPhotoName = (name: string): boolean =>
  PHOTO_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension));

/** Where a UTF-16 unit stands in the order of code points: surrogates, which make those above U+FFFF, come last. */
function rankOf(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Orders texts by code points, as Python does; JavaScript's own order is that of UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = rankOf(a.charCodeAt(i)) - rankOf(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** What a folder holds, by name, each in the order of code points. Names that begin with a dot are left out. */
export interface FolderEntries {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** The entries of a folder; symbolic links count as what they lead to. A folder that cannot be read is a `UserError`. */
export async function listFolder(path: string): Promise<FolderEntries> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadableFolder(path, error);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const kind = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(() => undefined) : entry;
    if (kind?.isDirectory()) folders.push(entry.name);
    else if (!kind || kind.isFile()) files.push(entry.name); // a link to nowhere shows up as unreadable later
  }
  return { folders: folders.sort(compareCodePoints), files: files.sort(compareCodePoints) };
}

function unreadableFolder(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code;
  const denied = code === "EACCES" || code === "EPERM";
  const reasons: Readonly<Record<string, string>> = { ENOENT: "it does not exist", ENOTDIR: "it is a file" };
  const received = denied ? "permission is denied" : (reasons[code ?? ""] ?? messageOf(error));
  const hint = denied ? `Give yourself the right to read it: chmod u+rx "${path}"` : "Check the path.";
  return new UserError(`"${path}": expected a folder of photos but ${received}.`, hint, { cause: error });
}

/** Files below a folder, as names relative to the root, with `/` between the parts. */
export interface FoundFiles {
  readonly photos: readonly string[];
  /** Files that are no photos by their names. */
  readonly others: readonly string[];
}

/** `a/b` of "a" and "b"; "b" of "" and "b". */
export const joinName = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/**
 * All files in `folder` (a name relative to `root`) and below it, folder after folder in the order of their paths. Links to
 * folders are followed, except to one that they lie in themselves.
 */
export async function findFiles(root: string, folder: string): Promise<FoundFiles> {
  const lists: { folder: string; files: readonly string[] }[] = [];
  const visit = async (name: string, ancestors: readonly string[]): Promise<void> => {
    const path = join(root, name);
    const { folders, files } = await listFolder(path);
    const real = await realpath(path);
    if (ancestors.some((inner) => inner === real || inner.startsWith(real + sep))) return;
    lists.push({ folder: name, files });
    for (const child of folders) await visit(joinName(name, child), [...ancestors, real]);
  };
  await visit(folder, []);
  lists.sort((a, b) => compareCodePoints(a.folder, b.folder));
  const names = lists.flatMap((list) => list.files.map((file) => joinName(list.folder, file)));
  return { photos: names.filter(isPhotoName), others: names.filter((name) => !isPhotoName(name)) };
}
