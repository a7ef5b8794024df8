/**
 * Files of a cache that say what they are: a line of JSON with format, key, length and SHA-256, padded to a fixed length, then
 * the content. Whatever has become of a file, its bytes are used only if they are those that were written for that key.
 */
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";
import { messageOf } from "../errors.ts";

/** Bytes before the content. */
const HEADER = 256;
const FORMAT = 1;
/** Bytes that are read and hashed at a time. */
const PIECE = 2 ** 24;

/** The content of an entry, or what is wrong with its file. */
export type SealedContent =
  | { readonly content: Uint8Array<ArrayBuffer>; readonly fault?: undefined }
  | { readonly content?: undefined; readonly fault: string };

const headerOf = (key: string, bytes: number, sha256: string): string =>
  `${JSON.stringify({ ocelli: FORMAT, key: sha256Of(key), bytes, sha256 }).padEnd(HEADER - 1)}\n`;

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** `content` in pieces that can be hashed and written one by one. */
function* piecesOf(content: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE);
}

/** Writes an entry whole, with its folder. */
export async function writeSealed(file: string, key: string, content: Uint8Array): Promise<void> {
  const hash = createHash("sha256");
  const pieces = [...piecesOf(content)];
  for (const piece of pieces) hash.update(piece);
  const header = new TextEncoder().encode(headerOf(key, content.length, hash.digest("hex")));
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, [header, ...pieces]);
}

/** Reads the entry of that key, of `bytes` bytes; undefined if there is none. */
export async function readSealed(file: string, key: string, bytes: number): Promise<SealedContent | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const read = await readChecked(handle, key, bytes);
    const now = new Date();
    await handle.utimes(now, now).catch(() => {}); // what is used is the last to be thrown away; another's file stays as it is
    return read;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { fault: messageOf(error) };
  } finally {
    await handle?.close();
  }
}

async function readChecked(handle: FileHandle, key: string, bytes: number): Promise<SealedContent> {
  const { size } = await handle.stat();
  if (size !== HEADER + bytes) return { fault: `expected ${HEADER + bytes} bytes but it has ${size}` };
  const header = Buffer.alloc(HEADER);
  await handle.read(header, 0, HEADER, 0);
  const content = new Uint8Array(bytes);
  const hash = createHash("sha256");
  let at = 0;
  for (const piece of piecesOf(content)) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, HEADER + at);
    if (bytesRead < piece.length) return { fault: "it was cut while it was read" };
    hash.update(piece);
    at += piece.length;
  }
  const sha256 = hash.digest("hex");
  const text = header.toString("latin1");
  if (text === headerOf(key, bytes, sha256)) return { content };
  return { fault: text.includes(sha256Of(key)) ? "its bytes have changed" : "it is of another key or version" };
}
