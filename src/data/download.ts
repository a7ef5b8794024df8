/** Verified downloads that go on where they were cut off, and the folder that they are kept in. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Dispatcher } from "undici";
import { messageOf, UserError } from "../errors.ts";
import { lookup } from "../lookup.ts";
import { makeFolder } from "./make-folder.ts";
import { leavePart, sizeOf, takePart } from "./part-file.ts";

/** The hash of a file's bytes; `digest` in lower-case hex, whole or its beginning. */
export interface FileHash {
  readonly algorithm: "md5" | "sha256";
  readonly digest: string;
}

/** Bytes so far, and of the whole file where the server tells. */
export interface DownloadProgress {
  readonly received: number;
  readonly total: number | undefined;
}

/** What `download` takes. */
export interface DownloadOptions {
  /** Where the file can be had, in the order in which they are tried, but those of https before others. */
  readonly urls: readonly string[];
  /** Where it goes; the unfinished file of each process stands beside it (`part-file.ts`). */
  readonly path: string;
  /** More bytes are not taken from a server; 4 GiB by default. */
  readonly maxBytes?: number;
  readonly hash: FileHash;
  /** What to do if no URL gives the file; by default, to fetch it by hand. */
  readonly hint?: string;
  /** The environment variable that names another folder to write to; `OCELLI_CACHE` by default. */
  readonly folderSetting?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download, which rejects with the signal's reason; what has come is kept to go on from. */
  readonly signal?: AbortSignal;
  /** How long a server may be silent, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** How long a server may take to accept a connection: without a network the reason is told soon. */
const CONNECT_TIMEOUT_MS = 5000;
/** How often one URL is asked again after a cut connection that brought some bytes. */
const MAX_ATTEMPTS = 10;
const MAX_REDIRECTIONS = 5;
const DEFAULT_MAX_BYTES = 2 ** 32;

/** The hash of a file, in lower-case hex. */
export async function hashFile(path: string, algorithm: FileHash["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  return hash.digest("hex");
}

const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "host not found",
  EAI_AGAIN: "host not found",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection cut",
  UND_ERR_SOCKET: "connection cut",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time",
  UND_ERR_BODY_TIMEOUT: "it went silent",
};

/** Why a request failed, in a few words. */
function networkReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return lookup(NETWORK_REASONS, code ?? "") ?? (messageOf(error) || (code ?? "unknown error"));
}

type Place = Pick<DownloadOptions, "path" | "folderSetting">;

/** Runs a file operation; its failure is the user's to mend and ends the download. */
async function onDisk<T>({ path, folderSetting = "OCELLI_CACHE" }: Place, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const full = ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw new UserError(
      `"${path}": expected to write the downloaded file but ${full ? "the disk is full" : `failed (${messageOf(error)})`}.`,
      full ? "Make room on the disk." : `Check the folder, or set ${folderSetting} to one that can be written.`,
      { cause: error },
    );
  }
}

interface Attempt extends DownloadOptions {
  readonly url: string;
  readonly part: string;
  readonly dispatcher: Dispatcher;
  /** Asks for a URL and follows redirections. */
  readonly request: (url: string, options: object) => Promise<Dispatcher.ResponseData>;
}

/** The byte that the response begins with: `have` if the server goes on from there, else 0. */
function firstByte({ statusCode, headers }: Dispatcher.ResponseData, have: number): number {
  if (statusCode === 200) return 0;
  if (statusCode !== 206) throw new Error(`HTTP ${statusCode}`);
  const range = String(headers["content-range"]);
  if (!range.startsWith(`bytes ${have}-`)) throw new Error(`asked for bytes from ${have} but got "${range}"`);
  return have;
}

interface Patience extends Pick<Attempt, "dispatcher" | "signal"> {
  readonly timeoutMs: number;
}

/** Waits for the head of an answer no longer than `timeoutMs`, also where a proxy is silent, which undici's own limits leave out. */
function answered(
  { dispatcher, signal, timeoutMs }: Patience,
  ask: (options: object) => Promise<Dispatcher.ResponseData>,
): Promise<Dispatcher.ResponseData> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  });
  const answer = ask({ dispatcher, signal, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  answer.catch(() => {}); // one that comes too late is of no interest
  return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
}

/** Appends what the server sends to the part, or begins it anew. */
async function receive(attempt: Attempt): Promise<void> {
  const { url, part, request, timeoutMs = DEFAULT_TIMEOUT_MS } = attempt;
  const have = await sizeOf(part);
  const headers = { "accept-encoding": "identity", ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
  const response = await answered({ ...attempt, timeoutMs }, (options) => request(url, { ...options, headers }));
  if (response.statusCode === 416 && have > 0) return response.body.dump(); // nothing is left to send: see the hash
  const file = await onDisk(attempt, () => open(part, response.statusCode === 206 ? "a" : "w"));
  try {
    await writeBody(file, response, { ...attempt, have });
    await onDisk(attempt, () => file.sync());
  } finally {
    await file.close();
  }
}

async function writeBody(
  file: FileHandle,
  response: Dispatcher.ResponseData,
  attempt: Attempt & { have: number },
): Promise<void> {
  const { have, onProgress, maxBytes = DEFAULT_MAX_BYTES } = attempt;
  let received = firstByte(response, have);
  const length = response.headers["content-length"];
  const total = length === undefined ? undefined : received + Number(length);
  if (maxBytes < (total ?? 0)) throw new TooLong(maxBytes);
  onProgress?.({ received, total });
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    if (maxBytes < received) throw new TooLong(maxBytes); // leaving the loop closes the connection
    await onDisk(attempt, () => file.writeFile(chunk));
    onProgress?.({ received, total });
  }
}

/** A server sends more than the file can have. */
class TooLong extends Error {
  constructor(maxBytes: number) {
    super(`it sends more than the ${maxBytes} bytes that are expected`);
  }
}

/** Tries one URL until the file is there and right; returns why it failed, or undefined. */
async function fetchFrom(attempt: Attempt): Promise<string | undefined> {
  const { part, hash, signal } = attempt;
  let reason = "";
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    const before = await sizeOf(part);
    try {
      await receive(attempt);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserError) throw error;
      reason = networkReason(error);
      if (error instanceof TooLong) {
        await rm(part, { force: true });
        return reason;
      }
      if ((await sizeOf(part)) > before) continue;
      return reason;
    }
    const digest = await hashFile(part, hash.algorithm);
    if (digest.startsWith(hash.digest)) return undefined;
    await rm(part, { force: true });
    reason = `its ${hash.algorithm} is ${digest} and not ${hash.digest}, so it was deleted`;
    if (before === 0) return reason; // else a bad beginning may have been kept from before: fetch all of it
  }
  return reason;
}

/** Sends requests through the proxy that the environment names, if any, and follows redirections. */
async function openNetwork(timeoutMs: number): Promise<Pick<Attempt, "dispatcher" | "request">> {
  const { EnvHttpProxyAgent, request } = await import("undici"); // slow to load and rarely needed
  const agent = new EnvHttpProxyAgent({ connect: { timeout: Math.min(timeoutMs, CONNECT_TIMEOUT_MS) } });
  const follow = async (url: string, options: object): Promise<Dispatcher.ResponseData> => {
    let place = new URL(url);
    for (let i = 0; i <= MAX_REDIRECTIONS; i++) {
      const response = await request(place, options);
      const { location } = response.headers;
      if (!REDIRECTIONS.includes(response.statusCode) || typeof location !== "string") return response;
      await response.body.dump();
      place = redirected(place, location);
    }
    throw new Error(`more than ${MAX_REDIRECTIONS} redirections`);
  };
  return { dispatcher: agent, request: follow };
}

const REDIRECTIONS: readonly number[] = [301, 302, 303, 307, 308];

/** Where a redirection leads; never from https to anything else. */
export function redirected(from: URL, location: string): URL {
  const to = new URL(location, from);
  if (from.protocol !== "https:" || to.protocol === "https:") return to;
  throw new Error(`it redirects from https to ${to.protocol.slice(0, -1)}, which is not followed`);
}

/** URLs of https before all others. */
export const safestFirst = (urls: readonly string[]): string[] => {
  const isSafe = (url: string): boolean => url.startsWith("https:");
  return [...urls.filter(isSafe), ...urls.filter((url) => !isSafe(url))];
};

/** Why a URL gives nothing, in a few words; undefined if it does. Asks for its head alone. */
export async function whyUnreachable(url: string, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<string | undefined> {
  const { dispatcher, request } = await openNetwork(timeoutMs);
  try {
    const ask = (options: object) => request(url, { ...options, method: "HEAD" });
    const { statusCode, body } = await answered({ dispatcher, timeoutMs }, ask);
    await body.dump();
    return statusCode === 200 ? undefined : `HTTP ${statusCode}`;
  } catch (error) {
    return networkReason(error);
  } finally {
    await dispatcher.destroy();
  }
}

/**
 * Downloads a file, from the first URL that gives it whole and with the right hash; a cut connection is taken up again,
 * also by a later call. The file appears under its name only when it is right. Returns the URL that gave the last of it.
 * A `UserError` says why each URL failed, or why the file cannot be written.
 */
export async function download(options: DownloadOptions): Promise<string> {
  const { path, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const urls = safestFirst(options.urls);
  signal?.throwIfAborted();
  const part = await onDisk(options, async () => {
    await makeFolder(dirname(path));
    return takePart(path);
  });
  const network = await openNetwork(timeoutMs);
  const failures: string[] = [];
  try {
    for (const url of urls) {
      const failure = await fetchFrom({ ...options, ...network, url, part });
      if (failure === undefined) {
        await onDisk(options, () => rename(part, path));
        return url;
      }
      failures.push(`${url}: ${failure}`);
    }
  } finally {
    await network.dispatcher.destroy();
    await leavePart(part, path);
  }
  throw new UserError(
    `${basename(path)}: expected to download it but no address gave it (${failures.join("; ")}).`,
    options.hint ?? `Check the network, or fetch ${urls[0]} yourself and save it as "${join(path)}".`,
  );
}
