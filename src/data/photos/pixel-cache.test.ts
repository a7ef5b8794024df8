import { expect, test } from "vitest";
import type { Image } from "../../image/index.ts";
import { createPixelCache, isFull, keepPixels, keptPixels } from "./pixel-cache.ts";

const picture = (width: number, height: number, value: number): Image => ({
  ...{ width, height, channels: 3 },
  data: new Uint8Array(width * height * 3).fill(value),
});

test("pictures of any size are given back as they were", () => {
  const cache = createPixelCache(3, 1000);
  expect(keptPixels(cache, 1)).toBeUndefined();
  keepPixels(cache, 1, picture(3, 5, 7));
  keepPixels(cache, 0, picture(2, 2, 9));
  expect(keptPixels(cache, 1)).toEqual(picture(3, 5, 7));
  expect(keptPixels(cache, 0)).toEqual(picture(2, 2, 9));
  expect(keptPixels(cache, 2)).toBeUndefined();
});

test("what does not fit is left out, and the first picture of an index stays", () => {
  const cache = createPixelCache(4, 256);
  keepPixels(cache, 0, picture(4, 4, 1)); // 48 bytes, one block of four
  keepPixels(cache, 0, picture(4, 4, 2));
  expect(keptPixels(cache, 0)).toEqual(picture(4, 4, 1));
  expect(isFull(cache)).toBe(false);
  keepPixels(cache, 1, picture(10, 10, 3)); // 300 bytes
  expect(keptPixels(cache, 1)).toBeUndefined();
  expect(isFull(cache)).toBe(true);
  keepPixels(cache, 2, picture(1, 1, 4));
  expect(keptPixels(cache, 2)).toBeUndefined();
});
