/** Classes, files and settings whose names are those that every object of the language has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTree } from "../../src/testing/photo-folders.ts";
import { ocelli, ocelliJson, quickTraining } from "./ocelli.ts";

const CLASSES = ["__proto__", "constructor", "toString"];

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  const names = CLASSES.flatMap((name) => [0, 1].flatMap((n) => [`train/${name}/${n}.png`, `val/${name}/${n}.png`]));
  const tree = Object.fromEntries(names.map((name, seed) => [`photos/${name}`, seed]));
  const marks = { version: 1, photos: { "val/__proto__/0.png": { label: "constructor" } } };
  ({ root: cwd, remove } = await writeTree({ ...tree, "photos/ocelli-labels.json": JSON.stringify(marks) }));
}, 60_000);
afterAll(() => remove());

test("photos of classes called __proto__, constructor and toString go through train, eval, predict and report", () => {
  const options = quickTraining(6);
  const { status, stderr } = ocelli(cwd, ["train", "photos", "--out", "run", ...options]);
  expect(status, stderr).toBe(0);

  const read = (name: string): string => readFileSync(join(cwd, "run", name), "utf8");
  expect(JSON.parse(read("summary.json"))).toMatchObject({ classes: CLASSES, steps: 1 });
  const [header = "", ...samples] = read("predictions.jsonl").trim().split("\n");
  expect(JSON.parse(header)).toMatchObject({ classes: CLASSES });
  const truths = samples.map((line) => (JSON.parse(line) as { class: string }).class);
  expect(truths).toEqual(["__proto__", "constructor", "constructor", "constructor", "toString", "toString"]);

  const counts = [1, 3, 2].map((count, label) => ({ class: CLASSES[label], count }));
  expect(ocelliJson(cwd, ["eval", "run", "photos"])).toMatchObject({ count: 6, perClass: counts });
  const { top } = ocelliJson<{ top: { class: string }[] }>(cwd, ["predict", "run", "photos/val/__proto__/1.png"]);
  expect(top.map((answer) => answer.class).toSorted()).toEqual(CLASSES);

  expect(ocelli(cwd, ["report", "run"]).status).toBe(0);
  for (const name of CLASSES) expect(read("report.html")).toContain(`<th scope="row">${name}</th>`);
}, 120_000);
