import { expect, test } from "vitest";
import { trainingArguments } from "../training/setting-flags.ts";

test("settings as arguments: flags by their names, switches only where they differ, the data last", () => {
  const settings = { data: "-photos", learningRate: 0.1, batchSize: 4, batchNorm: "frozen" };
  expect(trainingArguments(settings)).toEqual(["--lr=0.1", "--batch-size=4", "--bn=frozen", "--", "-photos"]);
  expect(trainingArguments({ shuffle: false, exif: false, rawPixels: true })).toEqual([
    "--no-shuffle",
    "--no-exif",
    "--raw-pixels",
  ]);
  expect(trainingArguments({ shuffle: true, exif: true, rawPixels: false })).toEqual([]);
});
