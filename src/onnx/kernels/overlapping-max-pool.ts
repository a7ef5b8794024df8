/**
 * The gradient of max pools with overlapping windows, in the blocked layout: as of two pools, of windows of one row and then of one column.
 * That is the same gradient to the last tie, since the first maximum of a window is in the first row that has it, and there the first. Each of
 * the two goes through the places of a window with passes over contiguous memory, which on all cores is faster than ScatterElements.
 */

import type { TensorType } from "../../graph/value.ts";
import type { MaxPoolAttributes } from "../../ops/pooling.ts";
import { emitBlocked, fromBlocked, toBlocked } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";
import { sharesOf, spatial, windowAttributes } from "./pool-windows.ts";

/** ONNX's number of this element type. */
const BOOL = 9;

/** Windows along one axis of `size` elements, `pooled` of them. */
interface Axis {
  readonly size: number;
  readonly pooled: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

const axesOf = (
  { kernel, stride, padding }: MaxPoolAttributes,
  x: TensorType,
  y: TensorType,
): readonly [Axis, Axis] => {
  const axis = (at: 0 | 1): Axis => ({
    ...{ size: spatial(x)[at], pooled: spatial(y)[at] },
    ...{ kernel: kernel[at], stride: stride[at], padding: padding[at] },
  });
  return [axis(0), axis(1)];
};

/** Rows that are pooled along one axis: x of [count, size, width], y and dy of [count, pooled, width]. */
interface Line extends Axis {
  readonly count: number;
  readonly width: number;
}

/** Where the element at one place of each window is, from 0 on; outside of the axis there is padding. */
const elementsAt = ({ pooled, stride, padding }: Axis, place: number): number[] =>
  Array.from({ length: pooled }, (_, window) => window * stride - padding + place);

const isInside = ({ size }: Axis, element: number): boolean => 0 <= element && element < size;

/** Of each window, the element at one place: [count · pooled, width]. What is padding stands for a neighbour. */
function elementsOf(emitter: Emitter, x: string, line: Line, place: number): string {
  const { count, size, pooled, stride, padding, width } = line;
  const elements = elementsAt(line, place).map((element) => Math.min(Math.max(element, 0), size - 1));
  const rows = Int32Array.from(
    { length: count * pooled },
    (_, row) => Math.floor(row / pooled) * size + (elements[row % pooled] ?? 0),
  );
  const key = `place ${place}: ${count}×${size}, ${pooled} windows by ${stride} from ${-padding}`;
  const source = emitter.emit("Reshape", [x, emitter.int64s([count * size, width])]);
  return emitter.emit("Gather", [source, emitter.int32s(rows, [rows.length], key)], { axis: 0 });
}

/** Whether the element at one place of each window is its maximum; padding never is. */
function isMaximum(emitter: Emitter, { x, y }: { x: string; y: string }, line: Line, place: number): string {
  const { emit, int64s } = emitter;
  const { count, pooled, width } = line;
  const inside = elementsAt(line, place).map((element) => isInside(line, element));
  let equal = emit("Equal", [elementsOf(emitter, x, line, place), y]);
  if (!inside.every(Boolean)) {
    const real = emitter.int32s(
      inside.flatMap((is) => Array<number>(width).fill(is ? 1 : 0)),
      [pooled, width],
    );
    const whole = emit("Reshape", [equal, int64s([count, pooled, width])]);
    equal = emit("And", [whole, emit("Cast", [real], { to: BOOL })]);
    equal = emit("Reshape", [equal, int64s([count * pooled, width])]);
  }
  return equal;
}

/** dx of a pool along one axis: [count, size, width]. */
function alongAxis(emitter: Emitter, values: Readonly<Record<"x" | "y" | "dy", string>>, line: Line): string {
  const { emit, int64s, number } = emitter;
  const { count, size, pooled, kernel, stride, padding, width } = line;
  const asRows = (value: string): string => emit("Reshape", [value, int64s([count * pooled, width])]);
  const compared = { x: values.x, y: asRows(values.y) };
  const shares = sharesOf(emitter, asRows(values.dy), kernel, (place) => isMaximum(emitter, compared, line, place));
  const steps = Math.ceil(size / stride);
  // every stride-th element, from `first` on, gets from the places of windows that lie there
  const phases = Array.from({ length: stride }, (_, first) => {
    const places = Array.from({ length: kernel }, (_unused, place) => place).filter(
      (place) => (first + padding - place) % stride === 0,
    );
    const terms = places.map((place) => {
      const before = (place - first - padding) / stride;
      const share = emit("Reshape", [shares[place] ?? "", int64s([count, pooled, width])]);
      const pads = [0, before, 0, 0, steps - pooled - before, 0];
      return pads.every((pad) => pad === 0) ? share : emit("Pad", [share, int64s(pads), number(0)]);
    });
    const sum = terms.reduce((a, b) => emit("Add", [a, b]));
    return emit("Reshape", [sum, int64s([count * steps, 1, width])]);
  });
  const together = phases.length === 1 ? (phases[0] ?? "") : emit("Concat", phases, { axis: 1 });
  const whole = emit("Reshape", [together, int64s([count, steps * stride, width])]);
  return steps * stride === size ? whole : emit("Slice", [whole, int64s([0]), int64s([size]), int64s([1])]);
}

/** dx of a max pool whose windows have no gaps between them; x is put into blocks unless it is. */
export function overlappingMaxPoolGradient(
  emitter: Emitter,
  [x, y, dy]: readonly [string, string, string],
  { attributes, types: [xType, yType] }: { attributes: MaxPoolAttributes; types: readonly [TensorType, TensorType] },
): string {
  const { block } = emitter.target;
  const [n = 1, c = 1] = xType.shape;
  const [rows, columns] = axesOf(attributes, xType, yType);
  const planes = (n * c) / block;
  const image = toBlocked(emitter, x);
  const { kernel, stride, padding } = columns;
  const ofRow = { ...attributes, kernel: [1, kernel], stride: [1, stride], padding: [0, padding] } as const;
  const maxima = emitBlocked(emitter, "MaxPool", {
    inputs: [image],
    attributes: windowAttributes(ofRow, [rows.size, columns.size], [rows.size, columns.pooled]),
  });
  const [pooled, given] = [toBlocked(emitter, y), toBlocked(emitter, dy)];
  const upright = { ...rows, count: planes, width: columns.pooled * block };
  const dMaxima = alongAxis(emitter, { x: maxima, y: pooled, dy: given }, upright);
  const flat = { ...columns, count: planes * rows.size, width: block };
  const dx = alongAxis(emitter, { x: image, y: maxima, dy: dMaxima }, flat);
  return fromBlocked(emitter, emitter.emit("Reshape", [dx, emitter.int64s(xType.shape)]), xType);
}
