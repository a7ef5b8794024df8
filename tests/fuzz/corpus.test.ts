/** Every reader with the inputs that fuzzing kept: those that lead through it, and those that once broke it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOne } from "./engine/loop.ts";
import { TARGETS } from "./targets.ts";

function keptOf(target: string): Uint8Array[] {
  const folders = ["corpus", "found"].map((folder) => join(import.meta.dirname, folder, target));
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => new Uint8Array(readFileSync(join(folder, name)))));
}

test.each(TARGETS)("$name: each kept input is read or refused for people", async (target) => {
  const faults: string[] = [];
  const watcher = { begin: () => {}, end: () => {}, fault: (_: Uint8Array, what: string) => faults.push(what) };
  const inputs = [...target.seeds(), ...keptOf(target.name)];
  for (const input of inputs) await readOne(target, input, watcher);
  expect(faults).toEqual([]);
  expect(inputs.length).toBeGreaterThan(0);
});

test("a reader that throws anything else is seen", async () => {
  const faults: string[] = [];
  const watcher = { begin: () => {}, end: () => {}, fault: (_: Uint8Array, what: string) => faults.push(what) };
  const target = { name: "broken", seeds: () => [], words: [], read: () => [].reduce((a) => a) };
  await readOne(target, Uint8Array.of(1), watcher);
  expect(faults).toEqual([expect.stringContaining("TypeError")]);
});
