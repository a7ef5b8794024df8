/** What identifies the content of photos. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { messageOf, UserError } from "../../errors.ts";
import { mapConcurrently } from "./concurrent.ts";
import { type FoundPhotos, type PhotoSet, photoPath } from "./photo-set.ts";
import { compareCodePoints } from "./walk.ts";

/** What identifies one file. */
export interface FileHash {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content, in hex. */
  readonly sha256: string;
}

/** Bytes that are read at a time. */
const CHUNK = 2 ** 20;

/** Hashes a file as it is read. One that cannot be read is a `UserError`. */
export async function hashFile(path: string): Promise<FileHash> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    await pipeline(createReadStream(path, { highWaterMark: CHUNK }), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        hash.update(chunk);
        size += chunk.length;
      }
    });
  } catch (error) {
    throw new UserError(
      `"${path}": expected a photo but it cannot be read (${messageOf(error)}).`,
      "Give yourself the right to read it, or remove it.",
      { cause: error },
    );
  }
  return { size, sha256: hash.digest("hex") };
}

/** The hash of each photo of a set, in its order. */
export const hashPhotos = (root: string, { names }: PhotoSet): Promise<FileHash[]> =>
  mapConcurrently(names, (name) => hashFile(photoPath(root, name)));

/** A photo that a data hash covers. */
export interface HashedPhoto extends FileHash {
  readonly name: string;
  readonly label: number;
  readonly split: "train" | "val";
}

/** The photos of both splits with the hashes of their files. */
export function withHashes(
  { train, val }: Pick<FoundPhotos, "train" | "val">,
  hashes: Readonly<Record<"train" | "val", readonly FileHash[]>>,
): HashedPhoto[] {
  const photos = ({ names, labels }: PhotoSet, split: "train" | "val"): HashedPhoto[] =>
    names.map((name, index) => ({
      ...(hashes[split][index] ?? { size: 0, sha256: "" }),
      ...{ name, label: labels[index] ?? 0, split },
    }));
  return [...photos(train, "train"), ...photos(val, "val")];
}

/**
 * SHA-256 over class names and all photos, sorted by name: split, class, relative name, size and content. Where the folder
 * lies and when its files were written does not matter.
 */
export function dataHash(classes: readonly string[], photos: readonly HashedPhoto[]): string {
  const hash = createHash("sha256").update(JSON.stringify(classes));
  const sorted = photos.toSorted((a, b) => compareCodePoints(a.split, b.split) || compareCodePoints(a.name, b.name));
  for (const { split, label, name, size, sha256 } of sorted)
    hash.update(JSON.stringify([split, label, name, size, sha256]));
  return hash.digest("hex");
}
