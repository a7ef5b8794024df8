/** The pictures of a run's data set, by their names or places; nothing else is given away. */

import { isAbsolute, join } from "node:path";
import { type Dataset, findPhotos, loadData, namesPhotos } from "../../../data/index.ts";
import { encodePng } from "../../../image/index.ts";
import { samplesOf } from "../../../reports/index.ts";
import { configValues, dataOptions, readRunConfig, readRunMarks, type TrainConfig } from "../../../training/index.ts";
import type { DataPart } from "../api.ts";
import { forbidden, missing } from "../status-error.ts";
import { dataPlace } from "./data-place.ts";

/** The pictures of a part of a data set. */
interface PicturePart {
  /** The files' names; none of pictures in memory. */
  readonly names?: readonly string[];
  /** Indices of classes. */
  readonly labels: ArrayLike<number>;
}

type Parts = Readonly<Record<DataPart, PicturePart>>;

/** Photos in files. */
export interface PhotoPlace {
  readonly kind: "photos";
  readonly parts: Parts;
  /** The folder that names are relative to. */
  readonly root: string;
  readonly classes: readonly string[];
  /** The class of each photo by its name. */
  readonly classOf: ReadonlyMap<string, string>;
  /** Whether photos are turned as their EXIF data says. */
  readonly exif: boolean;
}

/** Pictures in memory. */
interface PixelPlace {
  readonly kind: "pixels";
  readonly classes: readonly string[];
  readonly parts: Parts;
  readonly datasets: Readonly<Record<DataPart, Dataset>>;
}

/** Where the pictures of a run are. */
export type PicturePlace = PhotoPlace | PixelPlace;

/** Opens the data set of a run: photos are listed but not read. */
export async function openPlace(run: string): Promise<PicturePlace> {
  const config = configValues(await readRunConfig(run));
  const place = await dataPlace(config.data, run);
  if (await namesPhotos(place)) return photoPlace(place, config);
  const { train, test: val } = await loadData(place, dataOptions(config, await readRunMarks(run)));
  const parts = { train: { labels: train.labels ?? [] }, val: { labels: val.labels ?? [] } };
  return { kind: "pixels", classes: train.classes, parts, datasets: { train, val } };
}

async function photoPlace(place: string, { valShare, seed, exif }: TrainConfig): Promise<PhotoPlace> {
  const { root, classes, train, val } = await findPhotos(place, { share: valShare, seed });
  const classOf = new Map(
    [train, val].flatMap(({ names, labels }) =>
      names.map((name, at) => [name, classes[labels[at] ?? 0] ?? ""] as const),
    ),
  );
  return { kind: "photos", root, classes, parts: { train, val }, classOf, exif };
}

/** The path of a photo of the data set. Any other name is refused (403). */
export function photoFile({ root, classOf }: PhotoPlace, name: string): string {
  if (!classOf.has(name)) throw forbidden(`"${name}": expected a photo of the run's data set.`);
  return isAbsolute(name) ? name : join(root, name);
}

/** A sample in no file of its own, as a PNG file. */
export async function samplePng({ datasets }: PixelPlace, part: DataPart, index: number): Promise<Uint8Array> {
  const dataset = datasets[part];
  if (dataset.length <= index)
    throw missing(`picture ${index}: there are only ${dataset.length}.`, "Evaluate the run again.");
  const [sample] = await samplesOf(dataset, [index]);
  if (!sample) throw new Error(`no sample ${index}`);
  return encodePng(sample.image);
}
