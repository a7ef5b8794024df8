import { appendFile, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pixelDataset } from "../data/index.ts";
import { PREDICTIONS_FILE, predictionsState, readPredictions, sampleNames, writePredictions } from "./index.ts";

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), "ocelli-predictions-"));
  await writeFile(join(run, "best.pth"), "weights");
});
afterAll(() => rm(run, { recursive: true }));

const classes = ["ants", "bees"];
const test2 = pixelDataset({ images: new Uint8Array(2), labels: Uint8Array.of(0, 1), shape: [1, 1, 1], classes });
const evaluation = {
  ...{ count: 2, correct: 1, accuracy: 0.5, loss: 1 },
  logits: Float32Array.of(0, Math.log(3), 0, 0),
  labels: Int32Array.of(0, 1),
};
const write = () => writePredictions(run, { data: { test: test2, dataHash: "hash" }, evaluation, classes });
const file = () => join(run, PREDICTIONS_FILE);

test("what is written is read again: classes by name, the probability of the predicted one, cross entropy", async () => {
  expect(await predictionsState(run)).toBe("none");
  expect(await readPredictions(run)).toBeUndefined();
  await write();
  expect(await predictionsState(run)).toBe("ready");
  const predictions = await readPredictions(run);
  expect(predictions).toMatchObject({ classes, dataSha256: "hash" });
  expect(predictions?.samples.map(({ class: own, predicted }) => [own, predicted])).toEqual([
    ["ants", "bees"],
    ["bees", "ants"],
  ]);
  expect(predictions?.samples.flatMap(({ probability, loss }) => [probability, loss])).toBeAllclose([
    ...[0.75, Math.log(4), 0.5, Math.log(2)],
  ]);
});

test("newer weights make them stale; what is damaged or of a newer version is a UserError", async () => {
  await write();
  await utimes(join(run, "best.pth"), 1, 1);
  expect(await predictionsState(run)).toBe("stale");
  await appendFile(file(), '{"file":null}\n');
  await expect(readPredictions(run)).rejects.toThrow(/expected predictions but the file is damaged/);
  const text = await readFile(file(), "utf8");
  await writeFile(file(), text.replace('"version":1', '"version":2').replace('{"file":null}\n', ""));
  await expect(readPredictions(run)).rejects.toThrow(/they are of a newer ocelli/);
  expect(await predictionsState(run)).toBe("stale");
});

test("names are relative to the data set's folder; files elsewhere keep their path", () => {
  const files = { ...test2, files: [join(run, "val", "a.png"), "/elsewhere/b.png"] };
  expect(sampleNames({ test: files }, run)).toEqual(["val/a.png", "/elsewhere/b.png"]);
  expect(sampleNames({ test: test2 }, undefined)).toEqual([null, null]);
});

test("a link in place of the file is not followed", async () => {
  await write();
  await rename(file(), join(run, "elsewhere"));
  await symlink(join(run, "elsewhere"), file());
  expect(await predictionsState(run)).toBe("none");
  await expect(readPredictions(run)).rejects.toThrow(
    `"${file()}": expected a file of the folder itself but it is a link.`,
  );
});
