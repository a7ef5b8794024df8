/** Photos of any size through the real command line: predictions in all forms, and evaluation. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { float32Tensor, writePth } from "../../src/checkpoint/index.ts";
import { encodePng } from "../../src/image/index.ts";
import { findModel } from "../../src/models/index.ts";
import { initialState } from "../../src/nn/index.ts";
import { wavyImage, writeTree } from "../../src/testing/photo-folders.ts";
import { loadModel, openModel, type PhotoInput, preprocessingEntry, readInput } from "../../src/training/index.ts";
import { ocelli, ocelliJson } from "./ocelli.ts";

const input: PhotoInput = {
  ...{ kind: "photos", resize: 48, crop: 40, interpolation: "bilinear", exif: true },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};

/** A picture in full light, or in a tenth of it. */
async function photo(seed: number, light: "bright" | "dark"): Promise<Uint8Array> {
  const { data, ...image } = wavyImage(seed, { width: 60 + seed, height: 50 });
  return encodePng({ ...image, data: light === "bright" ? data : data.map((value) => value / 10) });
}

/**
 * A network that tells dark from bright: without biases its features grow as the light does, so that their sum (the first
 * class) is above a constant (the second class) only for what is bright.
 */
async function writeModel(path: string, threshold: number): Promise<void> {
  const state = initialState(findModel("squeezenet1_1").build({ classes: 2 }), 3);
  const weights = [...state].map(([name, { shape, data }]) => {
    if (name === "classifier.1.weight")
      return [
        name,
        float32Tensor(
          shape,
          data.map((_, at) => (at < 512 ? 1 : 0)),
        ),
      ] as const;
    return [name, float32Tensor(shape, name === "classifier.1.bias" ? [0, threshold] : data)] as const;
  });
  const entries = { model: "squeezenet1_1", classes: ["bright", "dark"], preprocessing: preprocessingEntry(input) };
  await writePth(path, { state_dict: new Map(weights), ...entries });
}

/** The sum of a picture's features. */
async function featuresOf(path: string, png: Uint8Array): Promise<number> {
  const model = await loadModel(path);
  const trainer = await openModel(model, { engine: "onnx", batchSize: 1 });
  const [sum = 0] = await trainer.logits(await readInput(png, model, "picture"));
  await trainer.close();
  return sum;
}

let root: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  const files: Record<string, Uint8Array | string> = {
    "val/dark/6.png": await photo(6, "bright"),
    "broken.jpg": "text",
  };
  for (const seed of [1, 2, 3, 4, 5]) {
    files[`${seed < 3 ? "train" : "val"}/dark/${seed}.png`] = await photo(seed, "dark");
    files[`${seed < 3 ? "train" : "val"}/bright/${seed}.png`] = await photo(seed, "bright");
  }
  ({ root, remove } = await writeTree(files));
  const path = join(root, "light.pth");
  await writeModel(path, 0);
  const sums = Object.entries(files).flatMap(([name, png]) => (typeof png === "string" ? [] : [{ name, png }]));
  const measured = await Promise.all(sums.map(async ({ name, png }) => [name, await featuresOf(path, png)] as const));
  const isDark = (name: string): boolean => name.includes("dark") && !name.includes("6");
  const darkest = Math.max(...measured.flatMap(([name, sum]) => (isDark(name) ? [sum] : [])));
  const brightest = Math.min(...measured.flatMap(([name, sum]) => (isDark(name) ? [] : [sum])));
  expect(darkest).toBeLessThan(brightest / 2);
  await writeModel(path, Math.sqrt(darkest * brightest));
});
afterAll(() => remove());

test("evaluation: accuracy with its interval, and figures of each class", () => {
  const [low, high] = [0.4869, 0.9743]; // Wilson's interval of 6 in 7
  expect(ocelliJson(root, ["eval", "light.pth", ".", "--batch-size", "3"])).toEqual({
    ...{ count: 7, accuracy: 6 / 7, accuracyInterval: [expect.closeTo(low, 4), expect.closeTo(high, 4)] },
    ...{ loss: expect.any(Number), top5: null, top5Interval: null },
    confusion: [
      [3, 0],
      [1, 3],
    ],
    perClass: [
      { class: "bright", count: 3, precision: 0.75, recall: 1, f1: expect.closeTo(6 / 7, 9) },
      { class: "dark", count: 4, precision: 1, recall: 0.75, f1: expect.closeTo(6 / 7, 9) },
    ],
  });
});

test("the training images, or all of them", () => {
  expect(ocelliJson(root, ["eval", "light.pth", ".", "--split", "train"])).toMatchObject({ count: 4, accuracy: 1 });
  const all = ocelliJson(root, ["eval", "light.pth", ".", "--split", "all"]);
  expect(all).toMatchObject({
    count: 11,
    confusion: [
      [5, 0],
      [1, 5],
    ],
  });
  // a folder of class folders, which is divided by chance
  expect(ocelliJson(root, ["eval", "light.pth", "val", "--split", "all"])).toMatchObject({ count: 7, accuracy: 6 / 7 });
});

test("evaluation for people", () => {
  expect(ocelli(root, ["eval", "light.pth", "."]).stdout).toMatch(
    /^accuracy 85\.71% of 7 images \(95% interval 48\.69% to 97\.43%\)\nloss \d\.\d{4}\n\nclass .+\nbright +3 +75\.00% +100\.00% +85\.71%\ndark +4 /,
  );
});

test("predictions as lines of CSV, with the error of a bad file among the others", () => {
  const args = ["predict", "light.pth", "val", "broken.jpg", "--format", "csv", "--logits"];
  const { stdout, status } = ocelli(root, args);
  expect(status).toBe(1);
  const [header, ...records] = stdout.trimEnd().split("\n");
  expect(header).toBe("file,class,probability,class 2,probability 2,logit bright,logit dark,error");
  expect(records.map((record) => record.split(",").slice(0, 2).join())).toEqual([
    ...["val/bright/3.png,bright", "val/bright/4.png,bright", "val/bright/5.png,bright"],
    ...["val/dark/3.png,dark", "val/dark/4.png,dark", "val/dark/5.png,dark", "val/dark/6.png,bright", "broken.jpg,"],
  ]);
  expect(records.at(-1)).toMatch(/^broken\.jpg,,,,,,,"""broken\.jpg"": expected .+"$/);
  const numbers = records[0]?.split(",").map(Number) ?? [];
  expect((numbers[2] ?? 0) + (numbers[4] ?? 0)).toBeCloseTo(1, 6);
  // softmax of two logits
  expect(numbers[2]).toBeCloseTo(1 / (1 + Math.exp((numbers[6] ?? 0) - (numbers[5] ?? 0))), 6);
});

test("the pictures of a list, also on standard input, in batches of any size", () => {
  const list = "val/dark/3.png\r\n\nval/bright/*\nmissing.png\n";
  writeFileSync(join(root, "list.txt"), list);
  const args = ["predict", "light.pth", "--format", "json", "--top", "1"];
  const fromFile = ocelli(root, [...args, "--from-file", "list.txt", "--batch-size", "2"]);
  const answers = fromFile.stdout.trimEnd().split("\n");
  const files = answers.map((line) => JSON.parse(line).file);
  expect(files).toEqual(["val/dark/3.png", ...[3, 4, 5].map((seed) => `val/bright/${seed}.png`), "missing.png"]);
  expect(fromFile.status).toBe(1);
  const piped = ocelli(root, [...args, "--from-file", "-"], { input: Buffer.from(list) });
  const classesOf = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).top?.[0].class);
  expect(classesOf(piped.stdout)).toEqual(classesOf(fromFile.stdout));
  const picture = readFileSync(join(root, "val/dark/4.png"));
  expect(JSON.parse(ocelli(root, [...args, "-"], { input: picture }).stdout)).toMatchObject({
    top: [{ class: "dark" }],
  });
});

test.each([
  [["--from-file", "nothing.txt"], '--from-file "nothing.txt": expected a list of pictures but there is no such file.'],
  [[], "predict: expected pictures but got none."],
  [["val", "--json", "--format", "csv"], '--format: expected json, as --json says, but got "csv".'],
  [["val", "--batch-size", "0"], "--batch-size: expected a whole number of at least 1 but got 0."],
])("predict %j is an error of two lines", (args, message) => {
  const { stderr, status } = ocelli(root, ["predict", "light.pth", ...args]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: .+\nhint: .+\n$/);
  expect(stderr).toContain(`error: ${message}`);
});

test("data of other classes are refused by name", async () => {
  const other = await writeTree({
    "train/day/1.png": 1,
    "train/night/2.png": 2,
    "val/day/3.png": 3,
    "val/night/4.png": 4,
  });
  const { stderr } = ocelli(root, ["eval", "light.pth", other.root]);
  await other.remove();
  expect(stderr).toContain('it has none called "day" or "night"');
});
