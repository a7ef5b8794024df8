/** Which files end too early, by each format's own mark of the end. */
import { expect, test } from "vitest";
import golden from "../../../tools/golden/pictures.json" with { type: "json" };
import { isCutOff } from "./cut-off.ts";
import { formatOf } from "./sniff.ts";

test.each(golden.filter(({ name }) => !/TIFF/.test(name)))("$name: whole, or less by its last bytes", ({ file }) => {
  const whole = Uint8Array.from(Buffer.from(file, "base64"));
  const format = formatOf(whole) ?? "bmp";
  expect(isCutOff(whole, format)).toBe(false);
  for (const less of [12, 13, whole.length >> 1]) expect(isCutOff(whole.subarray(0, -less), format)).toBe(true);
});

test("a WebP as long as its header says is whole, whatever is in it", () => {
  const webp = Uint8Array.from(Buffer.from("RIFF\x04\x00\x00\x00WEBP", "latin1"));
  expect(isCutOff(webp, "webp")).toBe(false);
  expect(isCutOff(webp.subarray(0, -1), "webp")).toBe(true);
  expect(isCutOff(webp.subarray(0, 9), "webp")).toBe(true);
});

test("formats without a mark are not known to be cut off", () => {
  for (const format of ["tiff", "avif", "bmp", "pnm"] as const) expect(isCutOff(new Uint8Array(), format)).toBe(false);
});
