/** A look at all photos of a data set before anything is trained on them. */
import { findPhotos } from "./find.ts";
import { dataHash } from "./hash.ts";
import type { FoundPhotos, PhotoSet } from "./photo-set.ts";
import { type CheckedPhoto, findProblems, type Problem } from "./problems.ts";
import { scanPhotos } from "./scan.ts";
import type { SplitOptions } from "./split.ts";

/** What `checkPhotos` takes. */
export interface CheckOptions extends SplitOptions {
  /** Side of what the network takes, in pixels; 224 by default. */
  readonly size?: number;
  /** Called after each photo with the number of those done and of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was found. */
export interface DataCheck {
  readonly data: string;
  readonly layout: FoundPhotos["layout"];
  readonly photos: { readonly train: number; readonly val: number };
  /** Photos of each class. */
  readonly classes: readonly { readonly class: string; readonly train: number; readonly val: number }[];
  /** Sides of those that can be read, in pixels; null if none can. */
  readonly sides: {
    readonly least: number;
    readonly most: number;
    readonly median: readonly [w: number, h: number];
  } | null;
  /** How the photos were found, for people. */
  readonly notes: readonly string[];
  /** The worst first. */
  readonly problems: readonly Problem[];
  /** Whether none of the problems is an error. */
  readonly ok: boolean;
  /** SHA-256 over names, classes and contents. */
  readonly dataHash: string;
}

const DEFAULT_SIZE = 224;

/** Opens every photo of a folder or manifest and tells what is wrong. Without photos of two classes it is a `UserError`. */
export async function checkPhotos(data: string, options: CheckOptions = {}): Promise<DataCheck> {
  const { size = DEFAULT_SIZE, onProgress } = options;
  const found = await findPhotos(data, options);
  const { root, layout, classes, skipped, train, val } = found;
  const total = train.names.length + val.names.length;
  const scan = async (photos: PhotoSet, split: "train" | "val", before: number): Promise<CheckedPhoto[]> => {
    const scanned = await scanPhotos(root, photos, { onProgress: (done) => onProgress?.(before + done, total) });
    return scanned.map((photo, index) => ({ ...photo, split, label: photos.labels[index] ?? 0 }));
  };
  const photos = [...(await scan(train, "train", 0)), ...(await scan(val, "val", train.names.length))];
  const problems = findProblems({ photos, skipped, classes, size });
  const countOf = (label: number, { labels }: PhotoSet): number => labels.filter((one) => one === label).length;
  return {
    ...{ data, layout, notes: found.notes, problems },
    photos: { train: train.names.length, val: val.names.length },
    classes: classes.map((name, label) => ({ class: name, train: countOf(label, train), val: countOf(label, val) })),
    sides: sidesOf(photos),
    ok: problems.every(({ severity }) => severity !== "error"),
    dataHash: dataHash(classes, photos),
  };
}

function sidesOf(photos: readonly CheckedPhoto[]): DataCheck["sides"] {
  const headers = photos.flatMap(({ header, fault }) => (header && fault === undefined ? [header] : []));
  if (headers.length === 0) return null;
  const inOrder = (side: "width" | "height"): number[] => headers.map((one) => one[side]).sort((a, b) => a - b);
  const [widths, heights] = [inOrder("width"), inOrder("height")];
  const middle = Math.floor(headers.length / 2);
  return {
    least: Math.min(widths[0] ?? 0, heights[0] ?? 0),
    most: Math.max(widths.at(-1) ?? 0, heights.at(-1) ?? 0),
    median: [widths[middle] ?? 0, heights[middle] ?? 0],
  };
}
