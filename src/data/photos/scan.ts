/** Opens every photo once: what its file says, whether it decodes, and what it looks like. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { messageOf, UserError } from "../../errors.ts";
import { decodeImage, type PictureHeader, readHeader } from "../../image/index.ts";
import { mapConcurrently } from "./concurrent.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import type { FileHash } from "./hash.ts";
import { type PhotoSet, photoPath } from "./photo-set.ts";

/** What was found out about a photo. */
export interface ScannedPhoto extends FileHash {
  readonly name: string;
  /** Why it cannot be used. */
  readonly fault?: string;
  /** Of those that can. */
  readonly header?: PictureHeader;
  readonly fingerprint?: Fingerprint;
}

/** How photos are scanned. */
export interface ScanOptions {
  /** Whether to find out what photos look like, for finding copies; true by default. */
  readonly fingerprints?: boolean;
  /** Called after each photo with the number of those done. */
  readonly onProgress?: (done: number) => void;
}

/** Scans the photos of a set, in its order; one that cannot be read or decoded has a fault. */
export async function scanPhotos(
  root: string,
  { names }: PhotoSet,
  { fingerprints = true, onProgress }: ScanOptions = {},
): Promise<ScannedPhoto[]> {
  let done = 0;
  return mapConcurrently(names, async (name) => {
    const scanned = await scanPhoto(photoPath(root, name), { name, fingerprints });
    onProgress?.(++done);
    return scanned;
  });
}

async function scanPhoto(
  path: string,
  { name, fingerprints }: { name: string; fingerprints: boolean },
): Promise<ScannedPhoto> {
  let known = { name, size: 0, sha256: "" };
  try {
    const bytes = await readFile(path);
    known = { name, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    const header = await readHeader(bytes, name);
    const image = await decodeImage(bytes, { name });
    return { ...known, header, fingerprint: fingerprints ? fingerprintOf(image) : undefined };
  } catch (error) {
    const fault = error instanceof UserError ? error.message : `${name}: cannot be read (${messageOf(error)}).`;
    return { ...known, fault };
  }
}
