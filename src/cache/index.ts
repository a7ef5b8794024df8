/** The cache folder: where it is, what is in it and how much may be, and files that are verified whenever they are used. */
export { CACHE_KINDS, type CacheEntry, type CacheKind, listCache, removeEntry } from "./entries.ts";
export { cacheFolder } from "./folder.ts";
export { cacheLimit, trimFeatures } from "./limit.ts";
export { listenToCaches, tellCacheNote } from "./notes.ts";
export { readSealed, writeSealed } from "./sealed-file.ts";
