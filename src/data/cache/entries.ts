/** What is in the cache folder, and what is thrown away. Files that ocelli does not know are neither listed nor removed. */
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { cacheFolder } from "../download.ts";
import { MNIST_NAMES } from "../mnist.ts";

/** What kinds of things are kept. */
export const CACHE_KINDS = ["features", "data", "fonts", "choices"] as const;
/** One of them. */
export type CacheKind = (typeof CACHE_KINDS)[number];

/** Something that is kept. */
export interface CacheEntry {
  readonly kind: CacheKind;
  readonly path: string;
  readonly bytes: number;
  /** When it was last used (features) or written, in milliseconds since 1970. */
  readonly used: number;
}

/** Where each kind is: a folder's name, or none for the cache folder itself, and the names of its files. */
const PLACES: readonly { kind: CacheKind; folder: RegExp | undefined; file: RegExp }[] = [
  { kind: "features", folder: /^features$/, file: /^\.?[\da-f]{32}\.(?:features|f32)/ },
  { kind: "data", folder: new RegExp(`^(?:${MNIST_NAMES.join("|")})$`), file: /ubyte/ },
  { kind: "fonts", folder: /^fonts-/, file: /^(?:fonts\.conf|.+\.ttf|cache)$/ },
  { kind: "choices", folder: undefined, file: /^\.?onnx-kernels\.json/ },
];

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function filesOf(folder: string, kind: CacheKind, pattern: RegExp): Promise<CacheEntry[]> {
  const names = (await namesIn(folder)).filter((name) => pattern.test(name));
  const found = names.map(async (name): Promise<CacheEntry | undefined> => {
    const path = join(folder, name);
    const entry = await stat(path).catch(() => undefined);
    return entry && { kind, path, bytes: entry.isDirectory() ? 0 : entry.size, used: entry.mtimeMs };
  });
  return (await Promise.all(found)).filter((entry) => entry !== undefined);
}

/** All that is kept, kind by kind, the last used first. */
export async function listCache(root = cacheFolder()): Promise<CacheEntry[]> {
  const names = await namesIn(root);
  const lists = PLACES.map(async ({ kind, folder, file }) => {
    const folders = folder ? names.filter((name) => folder.test(name)).map((name) => join(root, name)) : [root];
    const entries = await Promise.all(folders.map((place) => filesOf(place, kind, file)));
    return entries.flat().sort((a, b) => b.used - a.used);
  });
  return (await Promise.all(lists)).flat();
}

/** Removes all that is kept of `kinds`; what was removed. What cannot be removed is a `UserError`. */
export async function clearCache(
  kinds: readonly CacheKind[] = CACHE_KINDS,
  root = cacheFolder(),
): Promise<CacheEntry[]> {
  const entries = (await listCache(root)).filter(({ kind }) => kinds.includes(kind));
  for (const { path } of entries)
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      const message = `"${path}": expected to remove it but that is not permitted.`;
      throw new UserError(message, "Give yourself the right to write there.", { cause: error });
    });
  const emptied = new Set(entries.map(({ path }) => join(path, "..")));
  for (const folder of emptied) if (folder !== root) await rmdir(folder).catch(() => {}); // others' files are in it
  return entries;
}

/** Bytes of features that are kept by default: those of some hundred runs on a thousand photos, and little on any disk. */
const LIMIT = 10e9;

/** Bytes of features that are kept at most: OCELLI_CACHE_LIMIT, in GB. What is no number there is a `UserError`. */
export function cacheLimit(given = process.env.OCELLI_CACHE_LIMIT): number {
  if (given === undefined || given.trim() === "") return LIMIT;
  const limit = Number(given);
  if (0 <= limit) return limit * 1e9;
  throw new UserError(`OCELLI_CACHE_LIMIT: expected a number of GB but got "${given}".`, "Give a number such as 10.");
}

/** Throws the longest unused features away until those left are within the limit; `kept`, which was just written, stays. */
export async function trimCache(kept: string, limit = cacheLimit(), root = cacheFolder()): Promise<CacheEntry[]> {
  const features = (await listCache(root)).filter(({ kind }) => kind === "features");
  let size = features.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: CacheEntry[] = [];
  for (const entry of features.toReversed()) {
    if (size <= limit) break;
    if (entry.path === kept) continue;
    await rm(entry.path, { force: true }).catch(() => {});
    removed.push(entry);
    size -= entry.bytes;
  }
  return removed;
}
