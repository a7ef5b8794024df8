/** The plain loops, which run where WebAssembly cannot: the pixels of the other way, which is held to Pillow. */
import { expect, test } from "vitest";
import { rngFor } from "../../rng.ts";
import { crop } from "../transforms/crop.ts";
import { type Interpolation, passesOf, resample } from "./index.ts";
import { resamplePlain } from "./plain.ts";
import { resampleSimd } from "./simd.ts";

const rng = rngFor(0, "plain");
const noise = (width: number, height: number, channels: 1 | 3) =>
  ({
    ...{ width, height, channels },
    data: Uint8Array.from({ length: width * height * channels }, () => rng.integer(0, 255)),
  }) as const;

const CASES = [
  { area: { left: 3, top: 5, width: 20, height: 18 }, size: { width: 9, height: 7 } },
  { area: { left: 2, top: 4, width: 10, height: 11 }, size: { width: 31, height: 29 } },
  { area: { left: 7, top: 9, width: 25, height: 30 }, size: { width: 12, height: 40 } },
] as const;
const FILTERS = ["bilinear", "bicubic"] as const satisfies readonly Interpolation[];

test.each(CASES)("an area in parts of $size.width×$size.height: as SIMD does, and as if both were cut out", (one) => {
  for (const channels of [1, 3] as const) {
    const image = noise(40, 45, channels);
    for (const interpolation of FILTERS) {
      const whole = resample(crop(image, one.area), { size: one.size, interpolation });
      const window = { left: 2, top: 3, width: one.size.width - 3, height: one.size.height - 4 };
      const passes = passesOf({ ...one, window, interpolation });
      const plain = resamplePlain(image, passes);
      expect(plain).toEqual(crop(whole, window));
      expect(plain).toEqual(resampleSimd(image, passes));
    }
  }
});
