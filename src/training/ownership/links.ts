/** Links in the folder of a run, which may come from other people: nothing is read or written through one that leads elsewhere. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { NoOwnFile } from "../../own-file.ts";

/** Folders in a run's folder that are ours. */
const FOLDERS = /^(?:exports|tensorboard|samples)$/;
/** Names that a run's files have, with those that are being written. */
const FILES = /^\.|\.(?:html|json|jsonl|lock|onnx|png|pth|safetensors|tmp|txt)$/;

/**
 * Folders in folders are looked into so deep: the deepest that a run has is `exports/PAGE/ort`. In folders below that nothing is
 * ever read or written, and a folder that somebody made endlessly deep takes no time.
 */
const DEPTH = 3;

/**
 * Throws a `NoOwnFile`, which is a `UserError`, where a file or folder of a run is a link, or no file at all. The folder itself
 * may be reached by a link, which a person gave; names that no run has are left alone. A folder that is not there has none.
 */
export async function expectNoLinks(run: string): Promise<void> {
  const entries = await entriesOf(run);
  await check(
    run,
    entries.filter(({ name }) => FOLDERS.test(name) || FILES.test(name)),
    DEPTH,
  );
}

const entriesOf = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true }).catch(() => []);

async function check(folder: string, entries: readonly Dirent[], depth: number): Promise<void> {
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) throw new NoOwnFile(path, "a link");
    if (entry.isDirectory()) {
      if (0 < depth) await check(path, await entriesOf(path), depth - 1);
    } else if (!entry.isFile()) throw new NoOwnFile(path, "a pipe or a device");
  }
}
