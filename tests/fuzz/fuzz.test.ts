/** The fuzzer itself. */
import { expect, test } from "vitest";
import { rowsOf } from "../../src/data/photos/manifest/rows.ts";
import { rngFor } from "../../src/rng.ts";
import { fuzz } from "./engine/loop.ts";
import { mutated } from "./engine/mutate.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NOBODY = { begin: () => {}, end: () => {}, fault: () => {} };

test("the same seed gives the same changes, another one others", () => {
  const before = bytes("a text that is changed");
  const changes = (seed: number): Uint8Array[] => {
    const rng = rngFor(seed, "test");
    return Array.from({ length: 50 }, () => mutated(before, { rng, words: [], other: () => before }));
  };
  expect(changes(1)).toEqual(changes(1));
  expect(changes(1)).not.toEqual(changes(2));
  expect(new Set(changes(1).map(({ length }) => length)).size).toBeGreaterThan(10);
});

test("inputs that reach new code are kept and lead on", async () => {
  const target = {
    ...{ name: "table", words: ['"', "split", "\t"], seeds: () => [bytes("file,label\na.png,x\n")] },
    read: (content: Uint8Array) => rowsOf(new TextDecoder().decode(content), "m.csv"),
  };
  const options = { seed: 0, corpus: [] };
  const none = await fuzz(target, NOBODY, { ...options, goesOn: () => false });
  expect(none).toMatchObject({ cases: 1, corpus: target.seeds() });
  const some = await fuzz(target, NOBODY, { ...options, goesOn: (cases) => cases < 2000 });
  expect(some.corpus.length).toBeGreaterThan(2);
  const again = await fuzz({ ...target, seeds: () => some.corpus }, NOBODY, { ...options, goesOn: () => false });
  expect(again.corpus.length).toBeGreaterThan(2); // each of them reaches what those before it do not
});
