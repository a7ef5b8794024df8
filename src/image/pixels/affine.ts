import { blankLike, type Image } from "../image.ts";

/**
 * Where a result's pixel comes from: x = a·x' + b·y' + c, y = d·x' + e·y' + f, in pixels from the top left corner of the
 * picture, with the centre of the first pixel at (½, ½).
 */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const FRACTION_BITS = 16;
const ONE = 1 << FRACTION_BITS;
/** Coordinates beyond it do not fit into 16.16 bits. */
const FIXED_POINT_LIMIT = 32_768;

/**
 * The picture seen through `matrix`, of the same size, each pixel being the one it falls on (nearest neighbour); `fill`,
 * 0..255, where it falls outside. Pillow's `transform(AFFINE, NEAREST)` bit for bit.
 */
export function affine(image: Image, matrix: AffineMatrix, fill = 0): Image {
  const result = blankLike(image, image);
  if (fill !== 0) result.data.fill(fill);
  if (matrix[1] === 0 && matrix[3] === 0) scaleOnly(image, result, matrix);
  else if (fitsFixedPoint(image, matrix)) fixedPoint(image, result.data, matrix);
  else floatingPoint(image, result, matrix);
  return result;
}

function fitsFixedPoint({ width, height }: Image, [a, b, c, d, e, f]: AffineMatrix): boolean {
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const;
  return corners.every(
    ([x, y]) => Math.abs(x * a + y * b + c) < FIXED_POINT_LIMIT && Math.abs(x * d + y * e + f) < FIXED_POINT_LIMIT,
  );
}

const toFixed = (value: number): number => Math.floor(value * ONE + 0.5) | 0;

function fixedPoint({ width, height, channels, data }: Image, out: Uint8Array, matrix: AffineMatrix): void {
  const [a, b, c, d, e, f] = matrix;
  const [stepX, stepY] = [toFixed(a), toFixed(d)];
  const [rowX, rowY] = [toFixed(b), toFixed(e)];
  let startX = toFixed(c + a * 0.5 + b * 0.5);
  let startY = toFixed(f + d * 0.5 + e * 0.5);
  const copy = channels === 3 ? copyColours : copyGreys;
  for (let y = 0; y < height; y++) {
    const [firstX, endX] = stepsInside(startX, stepX, width);
    const [firstY, endY] = stepsInside(startY, stepY, height);
    const first = Math.max(0, firstX, firstY);
    const count = Math.min(width, endX, endY) - first;
    const [fixedX, fixedY] = [startX + first * stepX, startY + first * stepY];
    if (count > 0) copy(data, out, { fixedX, fixedY, stepX, stepY, width, to: y * width + first, count });
    startX += rowX;
    startY += rowY;
  }
}

/** The steps, from one to before another, at which `start + step · n` lies in 0..length − 1, in fixed point. */
function stepsInside(start: number, step: number, length: number): [first: number, end: number] {
  const limit = length * ONE;
  if (step === 0) return 0 <= start && start < limit ? [0, Number.POSITIVE_INFINITY] : [0, 0];
  const [near, far] = step > 0 ? [-start, limit - start] : [limit - 1 - start, -1 - start];
  return [Math.ceil(near / step), Math.ceil(far / step)];
}

/** A line through the source in fixed point, which lies inside it, and the pixels of the result that it makes. */
interface Line {
  readonly fixedX: number;
  readonly fixedY: number;
  readonly stepX: number;
  readonly stepY: number;
  /** Of the source, in pixels. */
  readonly width: number;
  readonly to: number;
  readonly count: number;
}

/** `| 0` tells the compiler that numbers are integers, with which the loop takes a quarter of the time. */
function copyColours(data: Uint8Array, out: Uint8Array, line: Line): void {
  const [stepX, stepY, width] = [line.stepX | 0, line.stepY | 0, line.width | 0];
  let [fixedX, fixedY, to] = [line.fixedX | 0, line.fixedY | 0, (3 * line.to) | 0];
  for (const end = (to + 3 * line.count) | 0; to < end; to += 3) {
    const from = 3 * (Math.imul(fixedY >> FRACTION_BITS, width) + (fixedX >> FRACTION_BITS));
    out[to] = data[from]!;
    out[to + 1] = data[from + 1]!;
    out[to + 2] = data[from + 2]!;
    fixedX = (fixedX + stepX) | 0;
    fixedY = (fixedY + stepY) | 0;
  }
}

function copyGreys(data: Uint8Array, out: Uint8Array, line: Line): void {
  const [stepX, stepY, width] = [line.stepX | 0, line.stepY | 0, line.width | 0];
  let [fixedX, fixedY, to] = [line.fixedX | 0, line.fixedY | 0, line.to | 0];
  for (const end = (to + line.count) | 0; to < end; to++) {
    out[to] = data[Math.imul(fixedY >> FRACTION_BITS, width) + (fixedX >> FRACTION_BITS)]!;
    fixedX = (fixedX + stepX) | 0;
    fixedY = (fixedY + stepY) | 0;
  }
}

/** The pixel that a coordinate falls on; −1 on the outside above and to the left. */
const toIndex = (coordinate: number): number => (coordinate < 0 ? -1 : Math.trunc(coordinate));

function copyPixel(image: Image, result: Image, from: number, to: number): void {
  const { channels, data } = image;
  for (let channel = 0; channel < channels; channel++) {
    result.data[to * channels + channel] = data[from * channels + channel]!;
  }
}

/** Without rotation and shear, rows and columns are found apart from each other. */
function scaleOnly(image: Image, result: Image, [a, , c, , e, f]: AffineMatrix): void {
  const columns = indicesAlong({ source: image.width, target: image.width }, a, c);
  const rows = indicesAlong({ source: image.height, target: image.height }, e, f);
  rows.forEach((row, y) => {
    if (row < 0) return;
    columns.forEach((column, x) => {
      if (column >= 0) copyPixel(image, result, row * image.width + column, y * image.width + x);
    });
  });
}

/**
 * For each of `target` results the one of `source` elements that it falls on, −1 where it falls outside. Adds up, as Pillow
 * does, instead of multiplying.
 */
export function indicesAlong(
  { source, target }: { source: number; target: number },
  step: number,
  offset: number,
): Int32Array {
  let coordinate = offset + step * 0.5;
  return Int32Array.from({ length: target }, () => {
    const index = toIndex(coordinate);
    coordinate += step;
    return index < source ? index : -1;
  });
}

function floatingPoint(image: Image, result: Image, [a, b, c, d, e, f]: AffineMatrix): void {
  const { width, height } = image;
  let startX = c + b * 0.5 + a * 0.5;
  let startY = f + e * 0.5 + d * 0.5;
  for (let y = 0; y < height; y++) {
    let [x1, y1] = [startX, startY];
    for (let x = 0; x < width; x++) {
      const [column, row] = [toIndex(x1), toIndex(y1)];
      if (0 <= column && column < width && 0 <= row && row < height) {
        copyPixel(image, result, row * width + column, y * width + x);
      }
      x1 += a;
      y1 += d;
    }
    startX += b;
    startY += e;
  }
}
