/** The cache folder: where it is, and files in it that are verified whenever they are used. */
export { cacheFolder } from "./folder.ts";
export { listenToCaches, tellCacheNote } from "./notes.ts";
export { readSealed, writeSealed } from "./sealed-file.ts";
