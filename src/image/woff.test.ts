import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { woffToTrueType } from "./woff.ts";

const path = createRequire(import.meta.url).resolve("@fontsource/inter/files/inter-latin-400-normal.woff");

/** Sum of a table's big-endian 32-bit words: what its record in the directory must say (OpenType, "Calculating checksums"). */
function checksum(table: Buffer): number {
  const words = Buffer.alloc((table.length + 3) & ~3);
  table.copy(words);
  let sum = 0;
  for (let at = 0; at < words.length; at += 4) sum = (sum + words.readUInt32BE(at)) >>> 0;
  return sum;
}

test("every table is where the directory says, with its checksum", async () => {
  const font = woffToTrueType(await readFile(path));
  expect(font.readUInt32BE(0)).toBe(0x00010000);
  const tags: string[] = [];
  for (let i = 0; i < font.readUInt16BE(4); i++) {
    const record = 12 + 16 * i;
    const tag = font.toString("latin1", record, record + 4);
    const table = Buffer.from(font.subarray(font.readUInt32BE(record + 8)).subarray(0, font.readUInt32BE(record + 12)));
    if (tag === "head") table.writeUInt32BE(0, 8); // checkSumAdjustment does not count
    expect(checksum(table), tag).toBe(font.readUInt32BE(record + 4));
    tags.push(tag);
  }
  expect(tags).toEqual(expect.arrayContaining(["cmap", "glyf", "head", "hmtx", "loca", "name"]));
});

test("anything else is refused", () => {
  expect(() => woffToTrueType(Buffer.alloc(60))).toThrow("not a WOFF 1.0 file");
  expect(() => woffToTrueType(Buffer.alloc(3))).toThrow("not a WOFF 1.0 file");
});
