import { Command } from "@commander-js/extra-typings";
import { expect, test } from "vitest";
import { SETTING_FLAGS, SETTING_NAMES, type SettingFlag, trainingArguments } from "../training/index.ts";
import { settingsOf, trainingOptions } from "./training-options.ts";

const command = () => trainingOptions(new Command().argument("[data]").exitOverride());
const read = (args: readonly string[]): Record<string, unknown> =>
  settingsOf(
    command()
      .parse([...args], { from: "user" })
      .opts(),
  );

test("every setting has its flag in --help, with the same text, and no flag is there twice", () => {
  const flags = command().options.map(({ long, description }) => [long, description]);
  const expected = SETTING_NAMES.filter((name) => name !== "data").map((name) => SETTING_FLAGS[name] as SettingFlag);
  expect(flags.toSorted()).toEqual(expected.map(({ flag, text }) => [flag, text]).toSorted());
  expect(new Set(flags.map(([long]) => long)).size).toBe(flags.length);
  expect(SETTING_FLAGS.data.flag).toBe("DATA");
});

test("settings as arguments: flags by their names, switches only where they differ, the data last", () => {
  const settings = { data: "-photos", learningRate: 0.1, batchSize: 4, batchNorm: "frozen" };
  expect(trainingArguments(settings)).toEqual(["--lr=0.1", "--batch-size=4", "--bn=frozen", "--", "-photos"]);
  expect(trainingArguments({ shuffle: false, exif: false, tune: false, rawPixels: true })).toEqual([
    ...["--no-shuffle", "--no-exif", "--no-tune", "--raw-pixels"],
  ]);
  expect(trainingArguments({ shuffle: true, exif: true, rawPixels: false })).toEqual([]);
});

test("the command line reads the arguments of settings as those settings; numbers are numbers, names stay texts", () => {
  const settings = {
    ...{
      model: "resnet18",
      weights: "123",
      freeze: "layer4",
      unfreezeAt: 2,
      unfreezeLearningRate: 1e-4,
      batchNorm: "auto",
    },
    ...{ layerRates: "backbone:0.1", epochs: 7, averageDecay: 0.99, clipNorm: 1, workers: "auto", threads: 2 },
    ...{ shuffle: false, exif: false, tune: false, rawPixels: true, valShare: 0.3, schedule: "cosine", seed: 3 },
  };
  expect(read(trainingArguments(settings))).toEqual(settings);
  expect(read(["--workers", "3"])).toEqual({ workers: 3 });
  expect(read([])).toEqual({});
  expect(read(["--epochs", "many"])).toEqual({ epochs: "many" });
});
