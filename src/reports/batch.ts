/** A batch of training pictures, as the network sees them. */
import { renderSvg } from "../image/index.ts";
import { type GridHeading, gridSvg } from "./grid.ts";
import type { PicturedSample } from "./samples.ts";
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
