import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openOwn } from "../../../own-file.ts";
import { RUN_FILES } from "../../../training/index.ts";

/** Bytes of a log that are read, from its end. */
const TAIL = 32_768;

/** The last lines of `log.txt`; a missing file has none. */
export async function readLog(run: string): Promise<string[]> {
  const file = await openOwn(join(run, RUN_FILES.log)).catch(() => undefined);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    const lines = buffer.toString("utf8", 0, bytesRead).split("\n");
    return lines.slice(from === 0 ? 0 : 1).filter((line) => line !== "");
  } finally {
    await file.close();
  }
}

/** When a file was last written, in milliseconds since 1970, and its size; zeros if it is not there. */
export const stampOf = (path: string): Promise<{ changed: number; size: number }> =>
  stat(path).then(
    ({ mtimeMs, size }) => ({ changed: mtimeMs, size }),
    () => ({ changed: 0, size: 0 }),
  );
