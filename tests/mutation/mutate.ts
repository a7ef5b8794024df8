/**
 * `npm run mutate`: small changes in the sources, one at a time, and whether the tests see them. Options: `--mutants N`, the size
 * of the sample (600), `--seed N`, `--only FOLDERS` as `engines/onednn,image`, `--survivors` to try those again that were not
 * seen, `--budget SECONDS` of tests for each (60), `--lanes N` at once (2), `--list` only to write the page. Results are kept in `coverage/mutation/results.jsonl`, from which a second call goes on;
 * `RESULTS.md` has the last score, `equivalent.json` the mutants that change nothing.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Covering, cover, folderOf, testsFor } from "./covering.ts";
import { type Lane, openLane, share } from "./lanes.ts";
import { FOLDERS, instrument, type Mutant, mutantsOf, sample, sources } from "./mutants.ts";
import { addResult, type Equivalents, isKilled, line, page, type Result, readResults } from "./results.ts";
import { prepare } from "./sandbox.ts";

const { values } = parseArgs({
  options: {
    mutants: { type: "string", default: "600" },
    seed: { type: "string", default: "0" },
    only: { type: "string", default: "" },
    lanes: { type: "string", default: "2" },
    budget: { type: "string", default: "60" },
    survivors: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});

const FOLDER = resolve("coverage/mutation");
const COPY = join(FOLDER, "copy");
const RESULTS = join(FOLDER, "results.jsonl");
const PAGE = join(import.meta.dirname, "RESULTS.md");

const equivalents = (): Equivalents => JSON.parse(readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8"));

/** How many mutants of a folder each test file has seen. */
const kills = new Map<string, number>();
function noteKill({ key, by }: Result): void {
  const name = `${folderOf(key.slice(0, key.indexOf(":")))} ${by}`;
  if (by !== undefined) kills.set(name, 1 + (kills.get(name) ?? 0));
}

/** Runs the tests that reach the mutant until one fails. */
async function attempt(mutant: Mutant, known: ReadonlyMap<string, Covering>, lane: Lane): Promise<Result> {
  const { key, hash } = mutant;
  const tests = testsFor(mutant, known, { budget: Number(values.budget), kills });
  if (tests.length === 0) return { key, hash, status: "unreached", seconds: 0 };
  const begun = performance.now();
  const outcomes = await lane.run({ tests, env: { OCELLI_MUTANT: mutant.id } });
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  const last = outcomes.at(-1);
  if (!last || last.end === "passed") return { key, hash, status: "survived", seconds };
  const status = last.end === "timed out" ? "timed out" : "killed";
  return { key, hash, status, by: last.test, why: last.why, seconds };
}

/** Those without a result in the folders that were asked for, such that each folder goes on in proportion. */
function wantedOf(mutants: readonly Mutant[], results: ReadonlyMap<string, Result>): Mutant[] {
  const equal = equivalents();
  const isOpen = ({ key, hash }: Mutant): boolean => {
    const result = results.get(key);
    return result?.hash !== hash || (values.survivors && !isKilled(result) && !(key in equal));
  };
  const isAsked = ({ file }: Mutant): boolean =>
    values.only === "" || values.only.split(",").some((folder) => file.startsWith(`${folder}/`));
  const ranked = FOLDERS.flatMap((name) => {
    const own = mutants.filter(({ folder }) => folder === name);
    return own.map((mutant, place) => ({ mutant, rank: place / own.length }));
  });
  const ordered = ranked.toSorted((a, b) => a.rank - b.rank).map(({ mutant }) => mutant);
  return ordered.filter((mutant) => isAsked(mutant) && isOpen(mutant));
}

async function main(): Promise<void> {
  const files = sources(".");
  const all = mutantsOf(files, await instrument(files));
  const sampled = sample(all, Number(values.mutants), Number(values.seed));
  process.stdout.write(`${all.length} mutants, ${sampled.length} of them in the sample\n`);
  if (!values.list) await tryAll(await prepare(COPY, files, sampled));
  const results = readResults(RESULTS);
  writeFileSync(PAGE, page(sampled, results, equivalents()));
  const score = readFileSync(PAGE, "utf8")
    .split("\n")
    .filter((row) => row.startsWith("|"));
  process.stdout.write(`${score.join("\n")}\n`);
}

async function tryAll(mutants: readonly Mutant[]): Promise<void> {
  const env = { OCELLI_CACHE: join(FOLDER, "cache"), OCELLI_BUILT: join(COPY, "dist") };
  mkdirSync(env.OCELLI_CACHE, { recursive: true });
  const lanes = Array.from({ length: Number(values.lanes) }, () => openLane(COPY, env));
  const close = (): void => {
    for (const lane of lanes) lane.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      close();
      process.exit(1);
    });
  const known = await cover(join(FOLDER, "covering.json"), mutants, lanes);
  const before = readResults(RESULTS);
  for (const result of before.values()) noteKill(result);
  const wanted = wantedOf(mutants, before);
  let done = 0;
  await share(lanes, wanted, async (mutant, lane) => {
    const result = await attempt(mutant, known, lane);
    addResult(RESULTS, result);
    noteKill(result);
    process.stdout.write(`${++done}/${wanted.length} ${result.status} in ${result.seconds} s ${line(mutant)}\n`);
  });
  close();
}

await main();
