/** How much kept features may take: the least recently used go first. */
import { UserError } from "../errors.ts";
import { listCache, removeEntry } from "./entries.ts";

/** 10 GB: 50,000 photos' features of resnet18's whole backbone take 0.1 GB, its earlier layers up to 10. */
const DEFAULT_GB = 10;

/** Bytes that kept features may take: 10 GB, or `OCELLI_CACHE_LIMIT` in GB. */
export function cacheLimit(): number {
  const text = process.env.OCELLI_CACHE_LIMIT || String(DEFAULT_GB);
  const limit = Number(text);
  if (0 <= limit && limit < Number.POSITIVE_INFINITY) return limit * 1e9;
  throw new UserError(
    `OCELLI_CACHE_LIMIT: expected a number of gigabytes of at least 0 but got "${text}".`,
    "Set it to a number such as 10 or 0.5, or unset it.",
  );
}

/** Removes the least recently used features until all take at most `limit` bytes; `fresh` is the last to go. */
export async function trimFeatures(limit: number, fresh: string): Promise<void> {
  const features = (await listCache()).filter(({ kind }) => kind === "features");
  let bytes = features.reduce((sum, entry) => sum + entry.bytes, 0);
  const age = (entry: { path: string; used: number }): number =>
    entry.path === fresh ? Number.POSITIVE_INFINITY : entry.used;
  for (const entry of features.toSorted((a, b) => age(a) - age(b))) {
    if (bytes <= limit) return;
    await removeEntry(entry);
    bytes -= entry.bytes;
  }
}
