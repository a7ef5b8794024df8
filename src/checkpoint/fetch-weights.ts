/** Published files of weights: kept where PyTorch keeps them, so that each is fetched once for both. */
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type DownloadProgress, download, hashFile, whyUnreachable } from "../data/download.ts";
import { messageOf, UserError } from "../errors.ts";

/** A published file. */
export interface PublishedFile {
  readonly url: string;
  /** Its name in the folder. */
  readonly file: string;
  /** The beginning of its SHA-256 in lower-case hexadecimal digits; 8 are usual. */
  readonly sha256: string;
  /** About its size; a server that sends more is cut off. */
  readonly mebibytes?: number;
}

/** How `fetchWeights` goes about it. */
export interface FetchOptions {
  /** Never use the network. */
  readonly offline?: boolean;
  /** Told of what has come. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; what has come is kept to go on from. */
  readonly signal?: AbortSignal;
  /** How long the server may be silent, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number;
}

/** The folders in which PyTorch looks, the one that it downloads to first; `environment` is `process.env` by default. */
export function hubFolders(environment: NodeJS.ProcessEnv = process.env): [home: string, ...others: string[]] {
  const { TORCH_HOME, XDG_CACHE_HOME } = environment;
  const usual = join(homedir(), ".cache", "torch");
  const shared = XDG_CACHE_HOME ? [join(XDG_CACHE_HOME, "torch")] : [];
  const [first = usual, ...others] = [...(TORCH_HOME ? [TORCH_HOME] : []), ...shared, usual];
  const checkpoints = (folder: string): string => join(folder, "hub", "checkpoints");
  return [checkpoints(first), ...others.map(checkpoints)];
}

/**
 * The path of a published file: where it already lies in one of PyTorch's folders (`TORCH_HOME`, `XDG_CACHE_HOME` or
 * `~/.cache`), else it is downloaded to the first of them. Its hash is checked either way. A `UserError` says why it
 * cannot be had, and how to fetch it by hand.
 */
export async function fetchWeights(published: PublishedFile, options: FetchOptions = {}): Promise<string> {
  const { url, file, sha256, mebibytes } = published;
  const { offline = false, onProgress, signal, timeoutMs } = options;
  const cached = await cachedFile(published);
  if (cached !== undefined) return await checked(cached, published);
  const [home] = hubFolders();
  const path = join(home, file);
  const hint = `Fetch ${url} and save it as "${file}" in the folder "${home}".`;
  if (offline) {
    const message = `${file}: expected it in "${home}" but it is not there, and the network is not to be used.`;
    throw new UserError(message, hint);
  }
  const hash = { algorithm: "sha256", digest: sha256 } as const;
  const maxBytes = mebibytes && Math.ceil((1.01 * mebibytes + 1) * 2 ** 20); // the size is rounded
  await download({
    urls: [url],
    path,
    hash,
    maxBytes,
    hint,
    folderSetting: "TORCH_HOME",
    onProgress,
    signal,
    timeoutMs,
  });
  return path;
}

/** Where published weights are: on this machine, to be fetched, or neither, and why. */
export type WeightsPlace =
  | { readonly path: string }
  | { readonly url: string }
  | { readonly url: string; readonly reason: string };

/** Where `fetchWeights` would take a file from; asks its server, but fetches nothing. */
export async function locateWeights(
  published: PublishedFile,
  { timeoutMs }: Pick<FetchOptions, "timeoutMs"> = {},
): Promise<WeightsPlace> {
  const { url } = published;
  const path = await cachedFile(published);
  if (path !== undefined)
    return checked(path, published).then(
      () => ({ path }),
      (error: unknown) => ({ url, reason: messageOf(error) }),
    );
  const reason = await whyUnreachable(url, timeoutMs);
  return reason === undefined ? { url } : { url, reason: `${url}: ${reason}` };
}

/** Where a published file already lies; undefined if it is in none of the folders. */
async function cachedFile({ file }: PublishedFile): Promise<string | undefined> {
  for (const folder of hubFolders()) {
    const path = join(folder, file);
    if (await isThere(path)) return path;
  }
  return undefined;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** The path of a file that has the right hash; another hash is a `UserError`, as the file is not ours to delete. */
async function checked(path: string, { url, sha256 }: PublishedFile): Promise<string> {
  const digest = await hashFile(path, "sha256").catch((error: unknown) => {
    const message = `"${path}": expected to read these weights but it cannot be read (${messageOf(error)}).`;
    throw new UserError(message, "Check the file's permissions.", { cause: error });
  });
  if (digest.startsWith(sha256)) return path;
  throw new UserError(
    `"${path}": expected a SHA-256 that begins with ${sha256} but it is ${digest}.`,
    `Delete the file: it is then fetched again from ${url}.`,
  );
}
