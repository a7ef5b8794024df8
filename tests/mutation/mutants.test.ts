/** Which mutants there are, and that a sample can be drawn again. */
import { expect, test } from "vitest";
import { instrument, mutantsOf, type Source, sample } from "./mutants.ts";
import { page } from "./results.ts";

const file = (name: string, content: string): Source => ({ name, content, mutate: true });
const FILES = [
  file(
    "graph/a.ts",
    "export const f = (a: number) => {\n  if (a < 0) throw new Error(String(a + 1));\n  return a + 2;\n};\n",
  ),
  file("ops/b.ts", "export const g = (a: number, b: number) => a * b;\n"),
];

test("places that are texts are no mutants", async () => {
  const mutants = mutantsOf(FILES, await instrument(FILES));
  const changes = mutants.map(({ file, original, replacement }) => `${file}: ${original} -> ${replacement}`);
  expect(changes).toContain("graph/a.ts: a + 2 -> a - 2");
  expect(changes).toContain("graph/a.ts: a < 0 -> a <= 0");
  expect(changes).toContain("ops/b.ts: a * b -> a / b");
  expect(changes.join()).not.toContain("a + 1 -> ");
});

test("a sample depends on its seed alone and grows", async () => {
  const all = mutantsOf(FILES, await instrument(FILES));
  const keys = (count: number, seed: number): string[] => sample(all, count, seed).map(({ key }) => key);
  expect(keys(4, 1)).toEqual(keys(4, 1));
  expect(keys(all.length, 1)).toHaveLength(all.length);
  expect(keys(6, 1)).toEqual(expect.arrayContaining(keys(4, 1)));
  expect(Array.from({ length: 20 }, (_, seed) => keys(2, seed)[0])).not.toEqual(Array(20).fill(keys(2, 0)[0]));
});

test("the page counts neither equal mutants nor results of another text", async () => {
  const mutants = mutantsOf(FILES, await instrument(FILES));
  const [first, second, third, fourth] = mutants;
  const results = new Map(
    [
      { ...first!, status: "killed" as const },
      { ...second!, status: "survived" as const },
      { ...third!, status: "survived" as const },
      { ...fourth!, hash: "another", status: "survived" as const },
    ].map(({ key, hash, status }) => [key, { key, hash, status, seconds: 1 }]),
  );
  expect(page(mutants, results, { [third!.key]: "the same" })).toContain("| all | 2 | 1 | 0.50 |");
});
