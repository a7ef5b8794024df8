/** Pictures of one pixel, the smallest there are, and sizes that are refused. */
import { expect, test } from "vitest";
import { decodeImage } from "../codec.ts";
import { checkSize, MAX_PIXELS } from "./sniff.ts";

test("one pixel is a picture", async () => {
  expect(await decodeImage(Uint8Array.from(Buffer.from("P5 1 1 255\n\x07", "latin1")), { channels: 1 })).toEqual({
    ...{ width: 1, height: 1, channels: 1 },
    data: Uint8Array.of(7),
  });
});

test("sizes are those of Pillow's limit, and no side is empty", () => {
  expect(() => checkSize(1, 1)).not.toThrow();
  expect(() => checkSize(MAX_PIXELS, 1)).not.toThrow();
  expect(() => checkSize(1, MAX_PIXELS + 1)).toThrow("pixel limit");
  expect(() => checkSize(0, 1)).toThrow("its header says 0×1 pixels");
  expect(() => checkSize(1, 0)).toThrow("its header says 1×0 pixels");
});
