import envPaths from "env-paths";

/** Where ocelli keeps what it has made or downloaded: `OCELLI_CACHE`, or the platform's cache folder. */
export const cacheFolder = (): string => process.env.OCELLI_CACHE || envPaths("ocelli", { suffix: "" }).cache;
