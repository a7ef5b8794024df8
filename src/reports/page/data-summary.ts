/** What a run was trained and measured on. */
import { readFile } from "node:fs/promises";
import type { Dataset, IdxData } from "../../data/index.ts";
import { readHeader } from "../../image/index.ts";
import { filesOf } from "../batch.ts";
import { spreadOver } from "../run-pictures.ts";

/** Sizes of photos, in pixels. */
export interface PhotoSizes {
  /** Photos that were looked at, and how many there are. */
  readonly count: number;
  readonly of: number;
  /** Least, middle and greatest, each width and height of one photo, by area. */
  readonly least: readonly [number, number];
  readonly median: readonly [number, number];
  readonly greatest: readonly [number, number];
}

/** An account of the data. */
export interface DataSummary {
  readonly source: string;
  readonly classes: readonly string[];
  /** Images of each class; undefined where labels are not known beforehand. */
  readonly train: readonly number[] | undefined;
  readonly val: readonly number[] | undefined;
  readonly images: { readonly train: number; readonly val: number };
  /** Channels, height, width of what the network sees. */
  readonly inputShape: readonly number[];
  readonly sizes: PhotoSizes | undefined;
  readonly notes: readonly string[];
}

/** Photos whose size is read, of all. */
const LOOKED_AT = 200;

/** Counts classes, and reads the headers of some photos. */
export async function summariseData(data: IdxData): Promise<DataSummary> {
  const { train, test, source, notes = [] } = data;
  return {
    ...{ source, notes, classes: train.classes, inputShape: train.shape },
    ...{ train: countsOf(train), val: countsOf(test), images: { train: train.length, val: test.length } },
    sizes: await sizesOf([...(filesOf(train) ?? []), ...(filesOf(test) ?? [])]),
  };
}

function countsOf({ labels, classes }: Dataset): number[] | undefined {
  if (!labels) return undefined;
  const counts = new Array<number>(classes.length).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i] ?? 0] = (counts[labels[i] ?? 0] ?? 0) + 1;
  return counts;
}

async function sizesOf(files: readonly string[]): Promise<PhotoSizes | undefined> {
  const chosen = spreadOver([...files.keys()], LOOKED_AT).map((index) => files[index] ?? "");
  const found = await Promise.all(chosen.map(sizeOf));
  const sizes = found.flatMap((size) => size ?? []).sort((a, b) => a.width * a.height - b.width * b.height);
  const at = (place: number): [number, number] => {
    const { width = 0, height = 0 } = sizes[place] ?? {};
    return [width, height];
  };
  if (sizes.length === 0) return undefined;
  return {
    ...{ count: sizes.length, of: files.length },
    ...{ least: at(0), median: at(Math.floor(sizes.length / 2)), greatest: at(sizes.length - 1) },
  };
}

/** Undefined for what cannot be read, which the data set's check tells. */
const sizeOf = (file: string) =>
  readFile(file)
    .then((bytes) => readHeader(bytes))
    .catch(() => undefined);
