/** Rows of a tensor in another order. One Gather of whole rows takes a third of the time of ONNX Runtime's Transpose. */
import type { Emitter } from "./emitter.ts";

/** One axis of a walk over rows: `size` steps of `stride` rows each. */
export interface RowAxis {
  readonly size: number;
  readonly stride: number;
}

/** Rows that are taken from a tensor `source` [rows, width]: their numbers, and a text that names them. */
export interface TakenRows {
  readonly source: string;
  readonly key: string;
  readonly indices: Int32Array;
  /** Number of a row of zeros in the source, if it has one. */
  readonly zeroRow?: number;
}

/** Zeros around an image. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

/** The rows that a walk over `axes` meets, the last axis fastest. */
export function walk(axes: readonly RowAxis[], offset = 0): Int32Array {
  let rows = Int32Array.of(offset);
  for (const { size, stride } of axes) {
    const next = new Int32Array(rows.length * size);
    for (let i = 0; i < next.length; i++) next[i] = (rows[Math.floor(i / size)] ?? 0) + (i % size) * stride;
    rows = next;
  }
  return rows;
}

function take(emitter: Emitter, taken: TakenRows): string {
  const { source, key, indices } = taken;
  const rows = emitter.emit("Gather", [source, emitter.int32s(indices, [indices.length], key)], { axis: 0 });
  emitter.taken.set(rows, taken);
  return rows;
}

/** What a walk over rows goes by. */
export interface Walk {
  readonly axes: readonly RowAxis[];
  /** The first row; 0 by default. */
  readonly offset?: number;
  /** Elements of a row. */
  readonly width: number;
  readonly zeroRow?: number;
}

/**
 * The rows of `x` in the order of a walk: [rows, width]. Rows of rows that were taken are taken from where those are from,
 * so that only one copy is made.
 */
export function takeRows(emitter: Emitter, x: string, { axes, offset = 0, width, zeroRow }: Walk): string {
  const before = emitter.taken.get(x);
  const own = walk(axes, offset);
  const key = `${before?.key ?? ""}|${offset}+${axes.map(({ size, stride }) => `${size}·${stride}`).join()}`;
  if (before) return take(emitter, { ...before, key, indices: own.map((row) => before.indices[row] ?? 0) });
  const source = emitter.emit("Reshape", [x, emitter.int64s([-1, width])]);
  return take(emitter, { source, key, indices: own, zeroRow });
}

/** Images that together are larger ones: each is every `step`th row and column of them, from another place on. */
export interface Phases {
  /** By the place in a step, row by row: [step[0]·step[1]]; undefined is an image of zeros. */
  readonly parts: readonly (string | undefined)[];
  readonly step: readonly [number, number];
  /** How many of the larger images, and their height and width. */
  readonly planes: number;
  readonly size: readonly [number, number];
  /** Elements of a pixel. */
  readonly width: number;
}

/** The larger images: [planes·height·width, width of a pixel]. */
export function interleave(emitter: Emitter, { parts, step, planes, size, width }: Phases): string {
  const [[down, right], [height, wide]] = [step, size];
  let zeroRow = 0;
  const placed = parts.map((part, at) => {
    const [h, w] = [Math.ceil((height - Math.floor(at / right)) / down), Math.ceil((wide - (at % right)) / right)];
    const from = zeroRow;
    if (part !== undefined) zeroRow += planes * h * w;
    return { part, from, h, w };
  });
  const indices = new Int32Array(planes * height * wide).fill(zeroRow);
  for (const [at, { part, from, h, w }] of placed.entries()) {
    if (part === undefined) continue;
    const [top, left] = [Math.floor(at / right), at % right];
    for (let row = 0; row < planes * h; row++) {
      const into = (Math.floor(row / h) * height + top + (row % h) * down) * wide + left;
      for (let x = 0; x < w; x++) indices[into + x * right] = from + row * w + x;
    }
  }
  const shape = emitter.int64s([-1, width]);
  const rows = parts.flatMap((part) => (part === undefined ? [] : [emitter.emit("Reshape", [part, shape])]));
  const zeros = emitter.floats(new Float32Array(width), [1, width]);
  const source = emitter.emit("Concat", [...rows, zeros], { axis: 0 });
  const which = parts.map((part) => (part === undefined ? 0 : 1)).join("");
  return take(emitter, { source, key: `phases ${which}, ${planes}×${size} by ${step}`, indices, zeroRow });
}

/** Says that `name` holds the rows of `rows`, under another shape. */
export function noteRows({ taken }: Emitter, name: string, rows: string): void {
  const found = taken.get(rows);
  if (found) taken.set(name, found);
}

/** Planes of h·w rows with rows of zeros around each, if the planes were taken from where such a row is. */
export function padRows(
  emitter: Emitter,
  x: string,
  { planes, h, w, padding }: { planes: number; h: number; w: number; padding: Padding },
): string | undefined {
  const before = emitter.taken.get(x);
  if (before?.zeroRow === undefined) return undefined;
  const { zeroRow } = before;
  const [top, left, bottom, right] = padding;
  const [height, width] = [h + top + bottom, w + left + right];
  const indices = new Int32Array(planes * height * width).fill(zeroRow);
  for (let row = 0; row < planes * h; row++) {
    const from = before.indices.subarray(row * w, (row + 1) * w);
    indices.set(from, (Math.floor(row / h) * height + top + (row % h)) * width + left);
  }
  return take(emitter, { ...before, key: `${before.key}|${planes}×${h}×${w} in ${padding}`, indices });
}
