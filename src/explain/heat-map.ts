/** Numbers over the places of a picture. */
import type { Box, Size } from "../image/public.ts";

/** A number for each place, `data` [height, width], row-major. */
export interface HeatMap extends Size {
  readonly data: Float32Array;
}

/** The largest value; at least 0. */
export const peakOf = ({ data }: HeatMap): number => data.reduce((peak, value) => Math.max(peak, value), 0);

/** Each value times `factor`. */
export const scaledBy = ({ data, ...size }: HeatMap, factor: number): HeatMap => ({
  ...size,
  data: data.map((value) => value * factor),
});

/**
 * A map in another size, between places by bilinear interpolation, pixels standing for the middle of their area (PyTorch's
 * `interpolate` with `align_corners=False`).
 */
export function resizeHeat(heat: HeatMap, { width, height }: Size): HeatMap {
  return sampleHeat(heat, { size: { width, height }, box: { left: 0, top: 0, width, height } });
}

/** The map laid over the area `box` of a picture of `size`, 0 around it. */
export function sampleHeat(heat: HeatMap, { size, box }: { size: Size; box: Box }): HeatMap {
  const across = positions(heat.width, { target: size.width, from: box.left, length: box.width });
  const down = positions(heat.height, { target: size.height, from: box.top, length: box.height });
  const data = new Float32Array(size.width * size.height);
  const at = (row: number, column: number): number => heat.data[row * heat.width + column] ?? 0;
  for (let y = 0; y < size.height; y++) {
    const row = down[y];
    if (!row) continue;
    for (let x = 0; x < size.width; x++) {
      const column = across[x];
      if (!column) continue;
      const upper = at(row.first, column.first) * (1 - column.share) + at(row.first, column.next) * column.share;
      const lower = at(row.next, column.first) * (1 - column.share) + at(row.next, column.next) * column.share;
      data[y * size.width + x] = upper * (1 - row.share) + lower * row.share;
    }
  }
  return { ...size, data };
}

/** The two neighbours of a place along one axis of a map, and the share of the second; undefined outside the map. */
type Position = { readonly first: number; readonly next: number; readonly share: number } | undefined;

function positions(source: number, { target, from, length }: { target: number; from: number; length: number }) {
  return Array.from({ length: target }, (_, index): Position => {
    const middle = index + 0.5 - from;
    if (middle < 0 || length < middle) return undefined;
    const place = Math.max(0, (middle * source) / length - 0.5);
    const first = Math.min(source - 1, Math.floor(place));
    return { first, next: Math.min(source - 1, first + 1), share: Math.min(place - first, 1) };
  });
}
