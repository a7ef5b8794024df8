/** Files of the cache: they tell when they are damaged, or of something else. */
import { createHash } from "node:crypto";
import { mkdir, open, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomic } from "../../atomic-file.ts";

/** Bytes of the checksum in front of the content. */
const SUM = 32;

/** SHA-256 of what the content is of, and of the content. Processors of today hash 1 to 2 GB a second. */
const sumOf = (key: string, content: Uint8Array): Buffer =>
  createHash("sha256").update(key).update("\0").update(content).digest();

/** Writes `content`, which is all that `key` describes, with its checksum; makes the folder. Fails as `writeFileAtomic` does. */
export async function writeChecked(path: string, key: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, [sumOf(key, content), content]);
}

/**
 * The content of a file that was written for `key`, of `length` bytes, which now counts as used; undefined if there is none, and
 * "damaged" where anything in the file or its length is another.
 */
export async function readChecked(
  path: string,
  key: string,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | "damaged" | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    if ((await file.stat()).size !== SUM + length) return "damaged";
    const [sum, content] = [new Uint8Array(SUM), new Uint8Array(length)];
    await file.read(sum, 0, SUM, 0);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(content, at, Math.min(length - at, 2 ** 30), SUM + at);
      if (bytesRead === 0) return "damaged";
      at += bytesRead;
    }
    if (!sumOf(key, content).equals(sum)) return "damaged";
    const now = new Date();
    await utimes(path, now, now).catch(() => {}); // another person's cache may be read alone
    return content;
  } catch {
    return "damaged";
  } finally {
    await file.close();
  }
}
