import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RUN_FILES } from "../../../training/index.ts";
import type { PicturePlace } from "./data-set.ts";

/** The last data sets that were looked at, by the folders of runs. */
export interface Places {
  of(run: string): Promise<PicturePlace>;
}

/** Data sets that are remembered, and for how many milliseconds: files may come and go. */
const KEPT = 3;
const FRESH = 60_000;

/** Nothing remembered; `open` finds the data set of a run. */
export function createPlaces(open: (run: string) => Promise<PicturePlace>): Places {
  const known = new Map<string, { key: string; since: number; place: Promise<PicturePlace> }>();
  return {
    async of(run) {
      const { mtimeMs } = await stat(join(run, RUN_FILES.config)).catch(() => ({ mtimeMs: 0 }));
      const key = String(mtimeMs);
      const found = known.get(run);
      if (found?.key === key && performance.now() - found.since < FRESH) return found.place;
      known.delete(run);
      const place = open(run);
      known.set(run, { key, since: performance.now(), place });
      place.catch(() => known.delete(run));
      for (const oldest of known.keys()) {
        if (known.size <= KEPT) break;
        known.delete(oldest);
      }
      return place;
    },
  };
}
