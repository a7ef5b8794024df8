/** Photos that are no longer what they were when their hashes were taken. */
import { stat } from "node:fs/promises";
import { mapConcurrently } from "./concurrent.ts";
import { type HashedPhoto, hashFile } from "./hash.ts";
import type { PhotoData } from "./load-photos.ts";
import { photoPath } from "./photo-set.ts";

/** How many photos changed, and the first of them. */
export interface ChangedPhotos {
  readonly count: number;
  readonly first: string;
}

/** Clocks of file systems may be behind by so much, in milliseconds. */
const SKEW = 60_000;

/**
 * Photos whose content is another than when the data were loaded, or that are gone; undefined if there are none, or the data
 * are no photos. Only files that were touched since then are read again. It is told in a sentence.
 */
export async function changedPhotos(
  data: object | PhotoData,
  tell: (text: string) => void,
): Promise<ChangedPhotos | undefined> {
  if (!("photos" in data)) return undefined;
  const { root, photos, loadedAt } = data;
  const isSame = await mapConcurrently(photos, (photo) => isUnchanged(root, photo, loadedAt - SKEW));
  const changed = photos.filter((_, index) => !isSame[index]);
  const [first] = changed;
  if (!first) return undefined;
  const counted = changed.length === 1 ? "1 photo" : `${changed.length} photos`;
  tell(`${counted} changed while training, such as "${first.name}": the hash of the data is that of the start.`);
  return { count: changed.length, first: first.name };
}

async function isUnchanged(root: string, { name, size, sha256 }: HashedPhoto, since: number): Promise<boolean> {
  const path = photoPath(root, name);
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== size) return false;
  if (found.mtimeMs < since && found.ctimeMs < since) return true;
  return hashFile(path).then(
    (now) => now.sha256 === sha256,
    () => false,
  );
}
