/** A batch of training pictures, as the network sees them. */
import { basename } from "node:path";
import { batches, type Dataset, type PhotoDataset } from "../data/index.ts";
import { renderSvg } from "../image/index.ts";
import { type GridHeading, gridSvg } from "./grid.ts";
import { type PicturedSample, picturesOf } from "./samples.ts";
import { COLOURS, SCALE } from "./style.ts";

/** What `batchSvg` takes besides the samples. */
export interface BatchPictureOptions extends Partial<GridHeading> {
  readonly classes: readonly string[];
  /** The name of each sample's file, if they are from files. */
  readonly files?: readonly string[];
}

/** The grid as a PNG file; see `batchSvg`. */
export const batchPng = async (samples: readonly PicturedSample[], options: BatchPictureOptions): Promise<Uint8Array> =>
  renderSvg(await batchSvg(samples, options), { scale: SCALE });

/** A grid of six columns, with its class, and the name of its file, under each picture. */
export async function batchSvg(
  samples: readonly PicturedSample[],
  { classes, files, title = "A training batch", subtitle = `${samples.length} pictures` }: BatchPictureOptions,
): Promise<string> {
  const tiles = samples.map(({ image, label }, index) => {
    const file = files?.[index];
    const caption = [{ content: classes[label] ?? String(label), bold: true }];
    return { image, caption: file === undefined ? caption : [...caption, { content: file, fill: COLOURS.faintText }] };
  });
  return gridSvg(tiles, { title, subtitle });
}

/** Which pictures `firstBatchPng` draws. */
export interface FirstBatch {
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
  readonly count: number;
  /** Below the title. */
  readonly subtitle: string;
}

/** The first pictures of an epoch as the network sees them, shuffled and augmented. */
export async function firstBatchPng(dataset: Dataset, { subtitle, count, ...moment }: FirstBatch): Promise<Uint8Array> {
  const source = batches(dataset, { ...moment, batchSize: count, shuffle: true, prefetch: 0 });
  const { value: batch } = await source.next();
  await source.return();
  if (!batch) throw new Error("a data set of no batches");
  const paths = filesOf(dataset);
  const files = paths && Array.from(batch.indices, (index) => basename(paths[index] ?? ""));
  return batchPng(picturesOf(dataset, batch), { classes: dataset.classes, files, subtitle });
}

/** The paths of the photos of a data set, undefined if it is not of photos. */
export const filesOf = (dataset: Dataset): readonly string[] | undefined =>
  "files" in dataset ? (dataset as PhotoDataset).files : undefined;
