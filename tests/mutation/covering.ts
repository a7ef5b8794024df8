/** Which test files run the places of which mutants, and how long each takes. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { sep } from "node:path";
import { type Lane, share } from "./lanes.ts";
import type { Mutant } from "./mutants.ts";

/** What is known of a test file. */
export interface Covering {
  /** Of its text and of the sample's places: another makes it run again. */
  readonly hash: string;
  readonly isGood: boolean;
  readonly seconds: number;
  /** Keys of the mutants whose places it runs. */
  readonly keys: readonly string[];
}

/** Seconds that a test file may take without a mutant; one that takes longer is not used. */
const LONGEST = 90;

/** Test files that are used: those beside the sources, and the small ones across folders. */
const USED = /^src\/.*\.test\.ts$|^tests\/(conformance|parity)\/.*\.test\.ts$/;
/** Those that start commands or need minutes. */
const LEFT_OUT = /^src\/testing\/|parity\/(networks|zoo|hymenoptera-steps|web)/;

/** The test files of the tree that are used. */
export function testFiles(): string[] {
  return ["src", "tests"]
    .flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => `${root}/${name.split(sep).join("/")}`),
    )
    .filter((name) => USED.test(name) && !LEFT_OUT.test(name))
    .toSorted();
}

const hashOf = (...texts: readonly string[]): string =>
  createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);

/** What of the test files is known in `path`, after those were run that are new or that changed. */
export async function cover(
  path: string,
  mutants: readonly Mutant[],
  lanes: readonly Lane[],
): Promise<Map<string, Covering>> {
  const saved: Record<string, Covering> = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const known = new Map(Object.entries(saved));
  const keys = new Map(mutants.map(({ id, key }) => [id, key]));
  const inOrder = mutants.toSorted((a, b) => Number(a.id) - Number(b.id));
  const places = hashOf(...inOrder.map(({ id, key, hash }) => `${id} ${key} ${hash}`));
  const hashes = new Map(testFiles().map((name) => [name, hashOf(readFileSync(name, "utf8"), places)]));
  for (const name of known.keys()) if (!hashes.has(name)) known.delete(name);
  const isNew = (name: string): boolean => known.get(name)?.hash !== hashes.get(name);
  await share(lanes, [...hashes.keys()].filter(isNew), async (name, lane) => {
    const file = `${path}.${hashOf(name)}`;
    rmSync(file, { force: true });
    const outcomes = await lane.run({ tests: [{ name, limit: LONGEST }], env: { OCELLI_COVERED: file } });
    const { end = "failed", seconds = 0, why = "" } = outcomes[0] ?? {};
    const ids = existsSync(file) ? new Set(readFileSync(file, "utf8").split("\n")) : new Set<string>();
    rmSync(file, { force: true });
    const own = [...ids].flatMap((id) => keys.get(id) ?? []);
    known.set(name, { hash: hashes.get(name) ?? "", isGood: end === "passed", seconds, keys: own });
    process.stdout.write(`${name}: ${end} in ${seconds.toFixed(1)} s, ${own.length} mutants ${why}\n`);
    writeFileSync(path, JSON.stringify(Object.fromEntries(known)));
  });
  return known;
}

/** The folder of a source. */
export const folderOf = (file: string): string => file.slice(0, file.lastIndexOf("/") + 1);

/**
 * The test files that run a mutant's place, with the seconds that each may take: first those that are quick, run little else,
 * are beside the source or saw others of its folder (`kills` by folder and test file); at most so many that they took `budget`
 * seconds.
 */
export function testsFor(
  { key, file }: Mutant,
  known: ReadonlyMap<string, Covering>,
  { budget, kills }: { budget: number; kills: ReadonlyMap<string, number> },
): { name: string; limit: number }[] {
  const folder = folderOf(file);
  const cost = ([name, { seconds, keys }]: [string, Covering]): number =>
    ((name.startsWith(`src/${folder}`) ? 0.2 : 1) * seconds * keys.length) /
    (1 + 10 * (kills.get(`${folder} ${name}`) ?? 0));
  let sum = 0;
  return [...known]
    .filter(([, { isGood, keys }]) => isGood && keys.includes(key))
    .toSorted((a, b) => cost(a) - cost(b))
    .filter(([, { seconds }], place) => {
      sum += seconds;
      return place === 0 || sum <= budget;
    })
    .map(([name, { seconds }]) => ({ name, limit: 20 + 4 * seconds }));
}
