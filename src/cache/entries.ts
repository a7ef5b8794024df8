/** What lies in the cache folder, and its removal. Links are neither followed nor listed; what is not ocelli's stays. */
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./folder.ts";

/** The kinds of entries. */
export const CACHE_KINDS = ["features", "data", "fonts", "kernels"] as const;
/** A kind of entries. */
export type CacheKind = (typeof CACHE_KINDS)[number];

/** What is kept, used and removed together. */
export interface CacheEntry {
  readonly kind: CacheKind;
  readonly path: string;
  /** Of all its files. */
  readonly bytes: number;
  /** When it was last written or read, in milliseconds since 1970. */
  readonly used: number;
}

/** Unfinished files are left to the process that writes them for so long, in milliseconds. */
const UNFINISHED = 24 * 3600 * 1000;

/** The kind of what has that name in the cache folder. */
function kindOf(name: string): CacheKind | undefined {
  if (name === "mnist" || name === "fashion-mnist") return "data";
  if (name === "onnx-kernels.json") return "kernels";
  return name.startsWith("fonts-inter-") ? "fonts" : undefined;
}

const namesIn = async (folder: string): Promise<string[]> => {
  const isFolder = await lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? (await readdir(folder)).toSorted() : [];
};

/** Bytes and last use of a file or of a folder with all in it; undefined for a link, and for what has gone. */
async function measure(path: string): Promise<Pick<CacheEntry, "bytes" | "used"> | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile()) return { bytes: found.size, used: Math.max(found.mtimeMs, found.atimeMs) };
  if (!found?.isDirectory()) return undefined;
  const inside = await Promise.all((await namesIn(path)).map((name) => measure(join(path, name))));
  return {
    bytes: inside.reduce((sum, one) => sum + (one?.bytes ?? 0), 0),
    used: Math.max(found.mtimeMs, ...inside.map((one) => one?.used ?? 0)),
  };
}

/** All entries of the cache folder, those of a kind together. */
export async function listCache(): Promise<CacheEntry[]> {
  const root = cacheFolder();
  const names = await readdir(root).catch(() => []);
  const places = names.toSorted().flatMap((name) => {
    const kind = kindOf(name);
    return kind ? [{ kind, path: join(root, name) }] : [];
  });
  const features = (await namesIn(join(root, "features"))).map((name) => join(root, "features", name));
  const found: CacheEntry[] = [];
  for (const place of [...features.map((path) => ({ kind: "features" as const, path })), ...places]) {
    const measured = await measure(place.path);
    if (!measured || (/\.tmp$/.test(place.path) && Date.now() - measured.used < UNFINISHED)) continue;
    found.push({ ...place, ...measured });
  }
  return CACHE_KINDS.flatMap((kind) => found.filter((entry) => entry.kind === kind));
}

/** Removes an entry; a link in it is removed and what it leads to stays. */
export const removeEntry = ({ path }: CacheEntry): Promise<void> => rm(path, { recursive: true, force: true });
