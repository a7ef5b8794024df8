/** Pictures made small, the last ones kept. */
import type { ThumbnailOptions, Workers } from "../../work/work.ts";
import { withPatience } from "./patience.ts";

/** Sides that may be asked for, in pixels. */
export const SIDES = { least: 32, usual: 320, most: 1024 } as const;

/** Bytes of thumbnails that are kept. */
const KEPT = 64 * 2 ** 20;

/** Makes PNG files no larger than asked for. */
export interface Thumbnails {
  of(file: string, options: ThumbnailOptions): Promise<Uint8Array>;
}

/** Nothing kept yet. */
export function createThumbnails(workers: Pick<Workers, "thumbnail">): Thumbnails {
  const kept = new Map<string, Uint8Array>();
  let size = 0;
  return {
    async of(file, options) {
      const key = `${options.side} ${options.orient} ${file}`;
      const found = kept.get(key);
      if (found) return found;
      const made = await withPatience((signal) => workers.thumbnail(file, options, signal));
      kept.set(key, made);
      size += made.length;
      for (const [oldest, bytes] of kept) {
        if (size <= KEPT) break;
        kept.delete(oldest);
        size -= bytes.length;
      }
      return made;
    },
  };
}
