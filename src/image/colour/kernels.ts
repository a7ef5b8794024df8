/** Changes of colour in WebAssembly, in place. All parameters are addresses in bytes, counts or whole numbers. */
import { assemble, type Code, countDown, f64, i32, type Variable, v128, wasmFunction } from "../wasm/assembler.ts";

/** Bytes of a vector. */
export const VECTOR = 16;
/** Pixels that the kernels for colour pictures take at a time. */
export const GROUP = 4;
const PIXEL = 3;

/** `plain + factor · (value − plain)`, four 32-bit integers at a time, in single precision. */
const blend = (plain: Code, value: Code, factor: Code): Code =>
  v128.f32ToI32(
    v128.addF32(v128.i32ToF32(plain), v128.multiplyF32(factor, v128.i32ToF32(v128.subtractI32(value, plain)))),
  );

/** Blends bytes, sixteen at a time, with one value. */
const blendWith = wasmFunction(
  "blendWith",
  ["data", "blocks", "value", "factor"],
  { bytes: "v128", low: "v128", high: "v128", plain: "v128", factors: "v128" },
  ({ data, blocks, value, factor, bytes, low, high, plain, factors }) => {
    const blended = (words: Code): Code =>
      v128.narrow32(
        blend(plain.get, v128.extendLow16(words), factors.get),
        blend(plain.get, v128.extendHigh16(words), factors.get),
      );
    return [
      plain.set(v128.splatI32(value.get)),
      factors.set(v128.load32Splat(factor.get)),
      countDown(
        blocks,
        bytes.set(v128.load(data.get)),
        low.set(v128.extendLow8(bytes.get)),
        high.set(v128.extendHigh8(bytes.get)),
        v128.store(data.get, v128.narrow16(blended(low.get), blended(high.get))),
        data.increase(i32.const(VECTOR)),
      ),
    ];
  },
);

/** One colour of four pixels in 32-bit lanes. */
const lanesOf = (pixels: Code, colour: number): Code =>
  v128.swizzle(pixels, v128.const([0, 1, 2, 3].flatMap((pixel) => [PIXEL * pixel + colour, 255, 255, 255])));

/** Luma of four pixels, see `luma` in image.ts. */
const lumaOf = (red: Code, green: Code, blue: Code): Code => {
  const weighted = (colour: Code, weight: number): Code => v128.multiplyI32(colour, v128.splatI32(i32.const(weight)));
  const sum = v128.addI32(v128.addI32(weighted(red, 19595), weighted(green, 38470)), weighted(blue, 7471));
  return v128.shiftRightI32(v128.addI32(sum, v128.splatI32(i32.const(0x8000))), i32.const(16));
};

/** Adds up the luma of groups of pixels; writes four partial sums. */
const sumOfLuma = wasmFunction(
  "sumOfLuma",
  ["data", "groups", "sums"],
  { pixels: "v128", sum: "v128" },
  ({ data, groups, sums, pixels, sum }) => [
    countDown(
      groups,
      pixels.set(v128.load(data.get)),
      sum.set(v128.addI32(sum.get, lumaOf(lanesOf(pixels.get, 0), lanesOf(pixels.get, 1), lanesOf(pixels.get, 2)))),
      data.increase(i32.const(PIXEL * GROUP)),
    ),
    v128.store(sums.get, sum.get),
  ],
);

/** From four reds, four greens, four blues to four pixels. */
const INTERLEAVED = [0, 1, 2, 3].flatMap((pixel) => [pixel, 4 + pixel, 8 + pixel]);

/** Blends each pixel with its luma. */
const blendWithLuma = wasmFunction(
  "blendWithLuma",
  ["data", "groups", "factor"],
  { pixels: "v128", red: "v128", green: "v128", blue: "v128", grey: "v128", factors: "v128" },
  ({ data, groups, factor, pixels, red, green, blue, grey, factors }) => [
    factors.set(v128.load32Splat(factor.get)),
    countDown(
      groups,
      pixels.set(v128.load(data.get)),
      ...[red, green, blue].map((colour, index) => colour.set(lanesOf(pixels.get, index))),
      grey.set(lumaOf(red.get, green.get, blue.get)),
      ...[red, green, blue].map((colour) => colour.set(blend(grey.get, colour.get, factors.get))),
      pixels.set(v128.narrow16(v128.narrow32(red.get, green.get), v128.narrow32(blue.get, blue.get))),
      pixels.set(v128.swizzle(pixels.get, v128.const([...INTERLEAVED, 255, 255, 255, 255]))),
      v128.store64Lane(data.get, pixels.get),
      v128.store32Lane(data.get, pixels.get, { lane: 2, offset: 8 }),
      data.increase(i32.const(PIXEL * GROUP)),
    ),
  ],
);

const larger = (a: Code, b: Code): Code => i32.select(a, b, i32.greater(a, b));
const byteOf = (word: Code, byte: number): Code => i32.and(i32.shiftRight(word, i32.const(8 * byte)), i32.const(255));

/** Turns the hue of each pixel with the tables of `HueTables`; `hues` points to the entry of two equal differences. */
const turnHues = wasmFunction(
  "turnHues",
  ["data", "pixels", "shift", "hues", "saturations", "strengths", "lacks", "places"],
  { red: "i32", green: "i32", blue: "i32", entry: "i32", high: "i32", place: "i32", strength: "f64" },
  ({ data, pixels, shift, hues, saturations, strengths, lacks, places, ...pixel }) => {
    const { red, green, blue, entry, high, place, strength } = pixel;
    const share = (table: Variable, index: Code): Code =>
      f64.load(i32.add(table.get, i32.shiftLeft(index, i32.const(3))));
    const difference = i32.add(
      i32.multiply(i32.subtract(red.get, green.get), i32.const(511)),
      i32.subtract(green.get, blue.get),
    );
    const without = (part: Code): Code => {
      const kept = f64.multiply(f64.fromI32(high.get), f64.subtract(f64.const(1), part));
      return i32.fromF64(f64.add(kept, f64.const(0.5)));
    };
    const saturation = i32.load8(i32.add(saturations.get, i32.add(i32.and(entry.get, i32.const(0xff00)), high.get)));
    const put = (index: number, value: Code): Code => i32.store8(i32.add(data.get, byteOf(place.get, index)), value);
    return [
      countDown(
        pixels,
        red.set(i32.load8(data.get)),
        green.set(i32.load8(data.get, 1)),
        blue.set(i32.load8(data.get, 2)),
        high.set(larger(larger(red.get, green.get), blue.get)),
        entry.set(i32.load16(i32.add(hues.get, i32.shiftLeft(difference, i32.const(1))))),
        strength.set(share(strengths, saturation)),
        entry.set(i32.and(i32.add(entry.get, shift.get), i32.const(255))),
        place.set(i32.load(i32.add(places.get, i32.shiftLeft(entry.get, i32.const(2))))),
        put(0, high.get),
        put(1, without(f64.multiply(strength.get, share(lacks, entry.get)))),
        put(2, without(strength.get)),
        data.increase(i32.const(PIXEL)),
      ),
    ];
  },
);

/** The module's bytes. */
export const colourModule = (): Uint8Array<ArrayBuffer> => assemble([blendWith, sumOfLuma, blendWithLuma, turnHues]);
