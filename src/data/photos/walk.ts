/** Folders and the photos in them, in the order in which torchvision's ImageFolder finds them. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { lookup } from "../../lookup.ts";

/**
 * Endings of the files that are taken for photos, in upper or lower case: those of torchvision's ImageFolder, then other
 * names of formats that can be decoded. GIF is not among them, as in torchvision.
 */
export const PHOTO_EXTENSIONS = [
  ...[".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"],
  ...[".jfif", ".jpe", ".jif", ".jpg_large", ".mpo", ".apng", ".avif", ".dib", ".pbm", ".pnm"],
] as const;

/** Whether a file of that name is taken for a photo. */
export const isPhotoName = (name: string): boolean =>
  PHOTO_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension));

/** Endings of pictures that are not taken for photos, and what they are. */
const OTHER_PICTURES: readonly (readonly [endings: RegExp, format: string])[] = [
  [/\.gif$/i, "a GIF, which torchvision passes over too"],
  [/\.(heic|heif|hif)$/i, "HEIC, which cannot be decoded: convert it to JPEG"],
  [/\.jxl$/i, "JPEG XL, which cannot be decoded: convert it to JPEG or PNG"],
  [/\.(jp2|j2k|jpf|jpx|j2c|jpc)$/i, "JPEG 2000, which cannot be decoded: convert it to PNG"],
  [/\.(dng|cr2|cr3|nef|arw|orf|rw2|raf|pef|srw)$/i, "a camera's raw data, which cannot be decoded: convert it to JPEG"],
  [/\.(svg|psd|xcf|ico|tga|pcx|exr|hdr|eps|dcm|nii)$/i, "a format that cannot be decoded: convert it to PNG"],
];

/** The reason of a photo whose name is not UTF-8, which has to be opened by bytes. */
export const NOT_UTF8 = "its name is not UTF-8";

/** Why a file that `findFiles` counts among the others is no photo. */
export function leftOutReason(name: string): string {
  if (name.endsWith("/")) return "a folder whose name is not UTF-8";
  const photo = isPhotoName(name);
  if (photo) return ESCAPED.test(name) ? NOT_UTF8 : "no ordinary file";
  return OTHER_PICTURES.find(([endings]) => endings.test(name))?.[1] ?? "no photo by its name";
}

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
  /** What cannot be used: names that are not UTF-8, with `\xe9` for such bytes (of folders with a `/` at the end), and no files. */
  readonly unusable: readonly string[];
}

/** How `nameOf` writes the bytes of a name that is not UTF-8. */
const ESCAPED = /\\x[89a-f][0-9a-f]/;

/** What systems put beside photos on their own. */
const SYSTEM_NAMES = new Set(["__MACOSX", "@eaDir", "Thumbs.db", "ehthumbs.db", "desktop.ini"]);

/** A name as text, and whether it is UTF-8; otherwise the text is for people only. */
function nameOf(bytes: Buffer): { name: string; isText: boolean } {
  const name = bytes.toString();
  if (!name.includes("\ufffd") || Buffer.from(name).equals(bytes)) return { name, isText: true };
  const escaped = Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`));
  return { name: escaped.join(""), isText: false };
}

/** The entries of a folder; symbolic links count as what they lead to. A folder that cannot be read is a `UserError`. */
export async function listFolder(path: string): Promise<FolderEntries> {
  const entries = await readdir(path, { withFileTypes: true, encoding: "buffer" }).catch((error: unknown) => {
    throw unreadableFolder(path, error);
  });
  const folders: string[] = [];
  const files: string[] = [];
  const unusable: string[] = [];
  for (const entry of entries) {
    const { name, isText } = nameOf(entry.name);
    if (name.startsWith(".") || SYSTEM_NAMES.has(name)) continue;
    const kind = entry.isSymbolicLink() ? await linkedTo(path, entry.name) : entry;
    if (!isText) unusable.push(kind?.isDirectory() ? `${name}/` : name);
    else if (kind?.isDirectory()) folders.push(name);
    else if (!kind || kind.isFile())
      files.push(name); // a link to nowhere shows up as unreadable later
    else unusable.push(name);
  }
  for (const names of [folders, files, unusable]) names.sort(compareCodePoints);
  return { folders, files, unusable };
}

const linkedTo = (path: string, name: Buffer) =>
  stat(Buffer.concat([Buffer.from(path + sep), name])).catch(() => undefined);

function unreadableFolder(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code;
  const denied = code === "EACCES" || code === "EPERM";
  const reasons: Readonly<Record<string, string>> = { ENOENT: "it does not exist", ENOTDIR: "it is a file" };
  const received = denied ? "permission is denied" : (lookup(reasons, code ?? "") ?? messageOf(error));
  const hint = denied ? `Give yourself the right to read it: chmod u+rx "${path}"` : "Check the path.";
  return new UserError(`"${path}": expected a folder of photos but ${received}.`, hint, { cause: error });
}

/** Files below a folder, as names relative to the root, with `/` between the parts. */
export interface FoundFiles {
  readonly photos: readonly string[];
  /** What is there besides; `leftOutReason` tells why each is no photo. */
  readonly others: readonly string[];
}

/** `a/b` of "a" and "b"; where one is "", the other. */
export const joinName = (folder: string, name: string): string =>
  folder === "" || name === "" ? folder + name : `${folder}/${name}`;

/**
 * All files in `folder` (a name relative to `root`) and below it, folder after folder in the order of their paths. Links to
 * folders are followed, except to one that they lie in themselves.
 */
export async function findFiles(root: string, folder: string): Promise<FoundFiles> {
  const lists: { folder: string; files: readonly string[]; unusable: readonly string[] }[] = [];
  const visit = async (name: string, ancestors: readonly string[]): Promise<void> => {
    const path = join(root, name);
    const { folders, files, unusable } = await listFolder(path);
    const real = await realpath(path);
    if (ancestors.some((inner) => inner === real || inner.startsWith(real + sep))) return;
    lists.push({ folder: name, files, unusable });
    for (const child of folders) await visit(joinName(name, child), [...ancestors, real]);
  };
  await visit(folder, []);
  lists.sort((a, b) => compareCodePoints(a.folder, b.folder));
  const named = (kind: "files" | "unusable"): string[] =>
    lists.flatMap((list) => list[kind].map((file) => joinName(list.folder, file)));
  const names = named("files");
  return {
    photos: names.filter(isPhotoName),
    others: [...names.filter((name) => !isPhotoName(name)), ...named("unusable")],
  };
}
