/** The two passes of resampling as WebAssembly SIMD, one row a call. All parameters are addresses in bytes or counts. */
import { assemble, type Code, countDown, i32, type Variable, v128, wasmFunction } from "../wasm/assembler.ts";
import { ROUNDING, WEIGHT_BITS } from "./weights.ts";

/** Bytes that a kernel may read or write beyond what it is asked for. */
export const SLACK = 16;
const LANES = 4;
const WORD = 4;

const half = v128.splatI32(i32.const(ROUNDING));
const scaled = (sum: Code): Code => v128.shiftRightI32(sum, i32.const(WEIGHT_BITS));
const multiplyAdd = (sum: Variable, values: Code, weights: Code): Code =>
  sum.set(v128.addI32(sum.get, v128.multiplyI32(values, weights)));
const to8Bits = (low: Code, high: Code): Code => v128.narrow16(low, high);

/** Bytes 3n, 3n+1 and 3n+2 in the first three lanes of four. */
const pixelLanes = (n: number): Code =>
  v128.const([3 * n, 3 * n + 1, 3 * n + 2, 255].flatMap((byte) => [byte, 255, 255, 255]));

/** One row of red, green and blue: four taps at a time, the three colours of a pixel in three lanes. */
const colourRow = wasmFunction(
  "colourRow",
  ["source", "target", "offsets", "weights", "width", "groups"],
  { sum: "v128", pixels: "v128", pixel: "i32", group: "i32" },
  ({ source, target, offsets, weights, width, groups, sum, pixels, pixel, group }) => [
    countDown(
      width,
      sum.set(half),
      pixel.set(i32.add(source.get, i32.load(offsets.get))),
      group.set(groups.get),
      countDown(
        group,
        pixels.set(v128.load(pixel.get)),
        ...[0, 1, 2, 3].map((tap) =>
          multiplyAdd(sum, v128.swizzle(pixels.get, pixelLanes(tap)), v128.load32Splat(weights.get, WORD * tap)),
        ),
        pixel.increase(i32.const(3 * LANES)),
        weights.increase(i32.const(WORD * LANES)),
      ),
      sum.set(scaled(sum.get)),
      sum.set(v128.narrow32(sum.get, sum.get)),
      v128.store32Lane(target.get, to8Bits(sum.get, sum.get)),
      target.increase(i32.const(3)),
      offsets.increase(i32.const(WORD)),
    ),
  ],
);

/** Adds the lanes of a sum: each lane of the result is all of them. */
const addLanes = (sum: Variable): readonly Code[] =>
  [8, 4].map((turn) => {
    const turned = v128.const(Array.from({ length: 16 }, (_, byte) => (byte + turn) % 16));
    return sum.set(v128.addI32(sum.get, v128.swizzle(sum.get, turned)));
  });

/** One row of grey: four taps at a time, one in each lane. */
const greyRow = wasmFunction(
  "greyRow",
  ["source", "target", "offsets", "weights", "width", "groups"],
  { sum: "v128", pixel: "i32", group: "i32" },
  ({ source, target, offsets, weights, width, groups, sum, pixel, group }) => [
    countDown(
      width,
      sum.set(v128.const(Array(16).fill(0))),
      pixel.set(i32.add(source.get, i32.load(offsets.get))),
      group.set(groups.get),
      countDown(
        group,
        multiplyAdd(sum, v128.extendLow16(v128.extendLow8(v128.load32Zero(pixel.get))), v128.load(weights.get)),
        pixel.increase(i32.const(LANES)),
        weights.increase(i32.const(WORD * LANES)),
      ),
      ...addLanes(sum),
      sum.set(scaled(v128.addI32(sum.get, half))),
      sum.set(v128.narrow32(sum.get, sum.get)),
      v128.store32Lane(target.get, to8Bits(sum.get, sum.get)),
      target.increase(i32.const(1)),
      offsets.increase(i32.const(WORD)),
    ),
  ],
);

/** One row from rows above each other, sixteen bytes at a time; the sums of all taps are made before they are rounded. */
const columns = wasmFunction(
  "columns",
  ["source", "stride", "target", "weights", "taps", "blocks"],
  {
    a: "v128",
    b: "v128",
    c: "v128",
    d: "v128",
    bytes: "v128",
    words: "v128",
    weight: "v128",
    at: "i32",
    next: "i32",
    tap: "i32",
  },
  ({ source, stride, target, weights, taps, blocks, a, b, c, d, bytes, words, weight, at, next, tap }) => [
    countDown(
      blocks,
      ...[a, b, c, d].map((sum) => sum.set(half)),
      at.set(source.get),
      next.set(weights.get),
      tap.set(taps.get),
      countDown(
        tap,
        bytes.set(v128.load(at.get)),
        weight.set(v128.load32Splat(next.get)),
        words.set(v128.extendLow8(bytes.get)),
        multiplyAdd(a, v128.extendLow16(words.get), weight.get),
        multiplyAdd(b, v128.extendHigh16(words.get), weight.get),
        words.set(v128.extendHigh8(bytes.get)),
        multiplyAdd(c, v128.extendLow16(words.get), weight.get),
        multiplyAdd(d, v128.extendHigh16(words.get), weight.get),
        at.increase(stride.get),
        next.increase(i32.const(WORD)),
      ),
      v128.store(
        target.get,
        to8Bits(v128.narrow32(scaled(a.get), scaled(b.get)), v128.narrow32(scaled(c.get), scaled(d.get))),
      ),
      source.increase(i32.const(SLACK)),
      target.increase(i32.const(SLACK)),
    ),
  ],
);

/** The module's bytes. */
export const resampleModule = (): Uint8Array<ArrayBuffer> => assemble([colourRow, greyRow, columns]);
