/** Pictures made small, a few at a time, the last ones kept. */
import { decodeImage, encodePng } from "../../../image/index.ts";
import { resizeTo } from "../../../image/public.ts";

/** Sides that may be asked for, in pixels. */
export const SIDES = { least: 32, usual: 320, most: 1024 } as const;

const AT_ONCE = 3;
/** Bytes of thumbnails that are kept. */
const KEPT = 64 * 2 ** 20;

/** What is asked for. */
export interface ThumbnailOptions {
  /** The longer side, at most. */
  readonly side: number;
  /** Whether to turn the picture as its EXIF data says. */
  readonly orient: boolean;
}

/** Makes PNG files no larger than asked for. */
export interface Thumbnails {
  of(file: string, options: ThumbnailOptions): Promise<Uint8Array>;
}

/** Nothing kept yet. */
export function createThumbnails(): Thumbnails {
  const kept = new Map<string, Uint8Array>();
  const waiting: (() => void)[] = [];
  let [size, active] = [0, 0];
  const make = async (file: string, options: ThumbnailOptions): Promise<Uint8Array> => {
    if (active === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else active++;
    try {
      return await thumbnail(file, options);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active--;
    }
  };
  return {
    async of(file, options) {
      const key = `${options.side} ${options.orient} ${file}`;
      const found = kept.get(key);
      if (found) return found;
      const made = await make(file, options);
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

async function thumbnail(file: string, { side, orient }: ThumbnailOptions): Promise<Uint8Array> {
  const image = await decodeImage(file, { orient });
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const scaled = (pixels: number): number => Math.max(1, Math.round(pixels * scale));
  return encodePng(resizeTo(image, { width: scaled(image.width), height: scaled(image.height) }));
}
