import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { listenToCaches } from "../../cache/index.ts";
import { defineProgram } from "../../graph/program.ts";
import { input } from "../../graph/value.ts";
import { conv2d } from "../../ops/index.ts";
import { openEngine } from "../index.ts";
import { openReferenceEngine } from "../reference/engine.ts";
import { type Measure, Tuner } from "./tuner.ts";

const folder = mkdtempSync(join(tmpdir(), "ocelli-tuner-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const image = input("image", [2, 16, 6, 6]);
const weight = input("weight", [16, 16, 3, 3]);
const y = conv2d(image, weight, undefined, { padding: [1, 1] });
const program = defineProgram({ name: "one convolution", outputs: { y } });

const on = (measure: Measure) => ({ target: { contrib: true, block: 16 }, constants: new Set<string>(), measure });
const never: Measure = async () => {
  throw new Error("measured again");
};
/** Times of which the last is the least. */
const lastIsFastest: Measure = async (candidates) => candidates.map((_, index) => candidates.length - index);
const chosen = async (tuner: Tuner, measure: Measure): Promise<string[]> => [
  ...(await tuner.choose(program, on(measure))).values(),
];

test("the fastest algorithm is chosen once and kept in the file", async () => {
  const file = join(folder, "new", "choices.json");
  const tuner = new Tuner(file, 2);
  expect(await chosen(tuner, lastIsFastest)).toEqual(["plain"]);
  expect(await chosen(tuner, never)).toEqual(["plain"]);
  expect(await chosen(new Tuner(file, 2), never)).toEqual(["plain"]);
  expect(await chosen(new Tuner(file, 3), async (candidates) => candidates.map(() => 1))).toEqual(["padded rows"]);
  expect(await chosen(new Tuner(file, 2), never)).toEqual(["plain"]); // other threads are another machine
});

test("an algorithm that wins over the rule's has to win twice, and by more than noise", async () => {
  let times = 0;
  const once: Measure = async (candidates) => candidates.map((_, index) => (index === 0 && times++ === 0 ? 9 : 1));
  expect(await chosen(new Tuner(join(folder, "once.json"), 2), once)).toEqual(["padded rows"]);
  const barely: Measure = async (candidates) => candidates.map((_, index) => 1 - index / 50);
  expect(await chosen(new Tuner(join(folder, "barely.json"), 2), barely)).toEqual(["padded rows"]);
});

test("of two processes that choose at the same time, the first one decides", async () => {
  const file = join(folder, "both.json");
  const other: Measure = async (candidates) => {
    await chosen(new Tuner(file, 2), lastIsFastest);
    return candidates.map(() => 1);
  };
  expect(await chosen(new Tuner(file, 2), other)).toEqual(["plain"]);
});

test.each(["", "{", "[]", '{"format":1,"machines":{}}', '{"format":2,"machines":{"a":{"b":1}}}'])(
  "a file that says %s is written anew",
  async (content) => {
    const file = join(folder, "broken.json");
    writeFileSync(file, content);
    expect(await chosen(new Tuner(file, 2), lastIsFastest)).toEqual(["plain"]);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ format: 3 });
  },
);

test("choices that were changed are not used, which is said", async () => {
  const file = join(folder, "changed.json");
  expect(await chosen(new Tuner(file, 2), lastIsFastest)).toEqual(["plain"]);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace('"plain"', '"padded"'));
  const notes: string[] = [];
  listenToCaches((note) => notes.push(note));
  expect(await chosen(new Tuner(file, 2), lastIsFastest)).toEqual(["plain"]);
  listenToCaches(() => {});
  expect(notes).toEqual([`"${file}": these measured choices are damaged; they are measured again.`]);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("where the file cannot be written, the choice holds for the engine", async () => {
  const blocked = join(folder, "blocked");
  writeFileSync(blocked, "no folder");
  const tuner = new Tuner(join(blocked, "choices.json"), 2);
  expect(await chosen(tuner, lastIsFastest)).toEqual(["plain"]);
  expect(await chosen(tuner, never)).toEqual(["plain"]);
});

test("an engine measures, keeps its choices, and computes what the reference does", async () => {
  const file = join(folder, "engine.json");
  const engine = await openEngine("onnx", { threads: 2, kernelChoices: file });
  const feeds = {
    image: Float32Array.from({ length: 2 * 16 * 36 }, (_, index) => ((index * 7) % 9) - 4),
    weight: Float32Array.from({ length: 16 * 16 * 9 }, (_, index) => ((index * 5) % 7) - 3),
  };
  const result = await (await engine.compile(program)).run(feeds);
  await engine.close();
  const reference = openReferenceEngine();
  const expected = await (await reference.compile(program)).run(feeds);
  await reference.close();
  expect(result.y).toEqual(expected.y); // sums of small whole numbers are exact
  const { machines } = JSON.parse(readFileSync(file, "utf8")) as { machines: Record<string, Record<string, string>> };
  expect(Object.values(machines).flatMap(Object.values)).toHaveLength(1);
});
