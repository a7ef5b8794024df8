/** Photos on disk as a data set for training and one for validation. */
import { UserError } from "../../errors.ts";
import type { IdxData } from "../idx-folder.ts";
import { findPhotos } from "./find.ts";
import { dataHash, type FileHash, type HashedPhoto, hashPhotos, withHashes } from "./hash.ts";
import { applyMarks, type Marks, readMarks } from "./marks.ts";
import { type PhotoDataset, photoDataset } from "./photo-dataset.ts";
import { type FoundPhotos, type PhotoSet, photoPaths, pickPhotos, type SkippedFile } from "./photo-set.ts";
import { createPixelCache, pixelCacheBytes } from "./pixel-cache.ts";
import { type PhotoPreparations, photoPreparations } from "./preparations.ts";
import { cheapProblems } from "./problems.ts";
import { type ScannedPhoto, type ScanOptions, scanPhotos } from "./scan.ts";
import type { SplitOptions } from "./split.ts";
import { counted, listed, shellWord } from "./words.ts";

/** How photos are divided, prepared and checked. */
export interface PhotoOptions extends SplitOptions {
  /** Those of `photoPreparations` by default. */
  readonly preparation?: PhotoPreparations;
  /**
   * What happens to files that cannot be decoded. `fail`, the default: the first stops whoever asks for it. `skip`: all files
   * are decoded once before anything else, and those are left out.
   */
  readonly badFiles?: "fail" | "skip";
  /** What people said of single photos; by default what `readMarks` finds. */
  readonly marks?: Marks;
  /** Of which parts decoded photos stay in memory, as many as fit, instead of being decoded in each epoch; none by default. */
  readonly keepDecoded?: readonly ("train" | "val")[];
  /** With `skip`, called with the number of files decoded so far and that of all. */
  readonly onScan?: (done: number, total: number) => void;
}

/** A data set of photos. */
export interface PhotoData extends IdxData {
  /** The folder that photos' names are relative to. */
  readonly root: string;
  /** What people said of the photos, as far as it was followed. */
  readonly marks: Marks;
  /** When their hashes began to be taken, in milliseconds since 1970. */
  readonly loadedAt: number;
  /** All photos with the hashes of their files. */
  readonly photos: readonly HashedPhoto[];
  readonly train: PhotoDataset;
  readonly test: PhotoDataset;
  /** Files that are no photos by their names, or in no class. */
  readonly skipped: readonly SkippedFile[];
  /** Files that cannot be decoded, each with the reason. */
  readonly unreadable: readonly { readonly name: string; readonly fault: string }[];
}

/**
 * Loads the photos that `findPhotos` finds in a folder or manifest. Everything that is wrong with them is a `UserError`, and
 * files that are left out are told in `notes`.
 */
export async function loadPhotos(data: string, options: PhotoOptions = {}): Promise<PhotoData> {
  const { preparation = photoPreparations(), badFiles = "fail", keepDecoded = [] } = options;
  const loadedAt = Date.now();
  const plain = await findPhotos(data, options);
  const said = options.marks ? { marks: options.marks, file: "labels.json" } : await readMarks(plain.root);
  const { found, applied, notes } = applyMarks(plain, said.marks, said.file);
  const { root, classes, skipped } = found;
  const { train, val, hashes, unreadable } =
    badFiles === "skip"
      ? await readablePhotos(found, data, options)
      : { ...found, ...(await hashed(found)), unreadable: [] };
  const dataset = (photos: PhotoSet, split: keyof PhotoPreparations): PhotoDataset =>
    photoDataset({
      ...{ files: photoPaths(root, photos), labels: photos.labels, classes, data },
      preparation: preparation[split],
      // training photos are kept whole, those of validation as small as the network sees them
      ...(keepDecoded.includes(split) && { cache: createPixelCache(photos.names.length, pixelCacheBytes() / 2) }),
    });
  const photos = withHashes({ train, val }, hashes);
  return {
    train: dataset(train, "train"),
    test: dataset(val, "val"),
    source: `photos in "${data}"`,
    dataHash: dataHash(classes, photos),
    notes: [...found.notes, ...notes, ...notesOn(skipped, unreadable), ...faultNote(data, photos, classes)],
    ...{ skipped, unreadable, root, marks: applied, loadedAt, photos },
  };
}

/** Reasons that are told of files that are left out. */
const MOST_REASONS = 3;

async function hashed({ root, train, val }: FoundPhotos): Promise<Pick<ReadablePhotos, "hashes">> {
  return { hashes: { train: await hashPhotos(root, train), val: await hashPhotos(root, val) } };
}

/** Photos that were decoded once, and those that could not be. */
interface ReadablePhotos {
  readonly train: PhotoSet;
  readonly val: PhotoSet;
  readonly hashes: Readonly<Record<"train" | "val", readonly FileHash[]>>;
  readonly unreadable: PhotoData["unreadable"];
}

/** Decodes all photos and leaves out those that cannot be. A class of which nothing is left is a `UserError`. */
export async function readablePhotos(
  { root, classes, train, val }: FoundPhotos,
  data: string,
  { onScan }: Pick<PhotoOptions, "onScan"> = {},
): Promise<ReadablePhotos> {
  const total = train.names.length + val.names.length;
  const scan = (photos: PhotoSet, before: number): Promise<ScannedPhoto[]> => {
    const options: ScanOptions = { fingerprints: false, onProgress: (done) => onScan?.(before + done, total) };
    return scanPhotos(root, photos, options);
  };
  const forTraining = readableOf(train, await scan(train, 0));
  const forValidation = readableOf(val, await scan(val, train.names.length));
  const unreadable = [...forTraining.unreadable, ...forValidation.unreadable];
  for (const [split, { photos }] of [["training", forTraining] as const, ["validation", forValidation] as const]) {
    const gone = classes.filter((_, label) => !photos.labels.includes(label));
    if (gone.length === 0) continue;
    throw new UserError(
      `"${root}": expected photos of each class for ${split} but none of ${listed(gone)} can be read, such as ${unreadable[0]?.fault ?? ""}`,
      `See all of them with: ocelli data check ${shellWord(data)}`,
    );
  }
  const hashes = { train: forTraining.scanned, val: forValidation.scanned };
  return { train: forTraining.photos, val: forValidation.photos, hashes, unreadable };
}

function readableOf(photos: PhotoSet, scanned: readonly ScannedPhoto[]) {
  const kept = [...scanned.keys()].filter((index) => scanned[index]?.fault === undefined);
  return {
    photos: pickPhotos(photos, kept),
    scanned: kept.flatMap((index) => scanned[index] ?? []),
    unreadable: scanned.flatMap(({ name, fault }) => (fault === undefined ? [] : [{ name, fault }])),
  };
}

/** What is wrong with the photos as far as it was found without opening them, in one line. */
function faultNote(data: string, photos: readonly HashedPhoto[], classes: readonly string[]): string[] {
  const found = cheapProblems(photos, classes).map(({ message }) => message);
  const empty = photos.filter(({ size }) => size === 0).map(({ name }) => name);
  if (0 < empty.length)
    found.unshift(`${counted(empty.length, "file")} ${empty.length > 1 ? "are" : "is"} empty: ${listed(empty)}`);
  return found.length === 0 ? [] : [`${found.join("; ")}. See which with: ocelli data check ${shellWord(data)}`];
}

function notesOn(skipped: readonly SkippedFile[], unreadable: PhotoData["unreadable"]): string[] {
  const names = (files: readonly { readonly name: string }[]): string => listed(files.map(({ name }) => name));
  const reasons = (files: readonly SkippedFile[]): string => {
    const all = [...new Set(files.map(({ reason }) => reason))].filter((reason) => reason !== "no photo by its name");
    return all.length === 0
      ? ""
      : ` (${all.slice(0, MOST_REASONS).join("; ")}${all.length > MOST_REASONS ? "; …" : ""})`;
  };
  const notes: string[] = [];
  if (0 < skipped.length)
    notes.push(
      `Skipped ${counted(skipped.length, "file")} that ${skipped.length > 1 ? "are" : "is"} no photo of a class: ${names(skipped)}${reasons(skipped)}.`,
    );
  if (0 < unreadable.length)
    notes.push(`Left out ${counted(unreadable.length, "file")} that cannot be read: ${names(unreadable)}.`);
  return notes;
}
