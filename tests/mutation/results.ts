/** What became of the mutants: a line each in a file, and the page kept of them. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { FOLDERS, type Mutant } from "./mutants.ts";

/** What became of a mutant. */
export interface Result {
  readonly key: string;
  readonly hash: string;
  /** `unreached`: no test file runs its place. */
  readonly status: "killed" | "timed out" | "survived" | "unreached";
  /** The test file that saw it, and what it said. */
  readonly by?: string;
  readonly why?: string;
  readonly seconds: number;
}

/** Mutants that change nothing that can be seen, with a word why. */
export type Equivalents = Readonly<Record<string, string>>;

/** The last result of each mutant in the file. */
export function readResults(path: string): Map<string, Result> {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as Result).map((result) => [result.key, result]));
}

/** Adds a line. */
export function addResult(path: string, result: Result): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}

/** Whether a test saw the mutant. */
export const isKilled = ({ status }: Result): boolean => status === "killed" || status === "timed out";

interface Tried {
  readonly mutant: Mutant;
  readonly result: Result;
}

/** The page: the score of each folder, the survivors, and those that are equal to the source. */
export function page(mutants: readonly Mutant[], results: ReadonlyMap<string, Result>, equal: Equivalents): string {
  const tried = mutants.flatMap((mutant): Tried[] => {
    const result = results.get(mutant.key);
    return result?.hash === mutant.hash ? [{ mutant, result }] : [];
  });
  const counted = tried.filter(({ mutant, result }) => isKilled(result) || !(mutant.key in equal));
  const left = counted.filter(({ result }) => !isKilled(result));
  const same = tried.filter(({ mutant, result }) => !isKilled(result) && mutant.key in equal);
  return [
    "# What the tests see of small changes in the sources",
    "",
    "`npm run mutate` wrote this. A mutant is one small change by StrykerJS's instrumenter (another operator, a condition that is",
    "always true, an emptied block, …); it is seen when a test fails or never ends. Left out are string literals and what stands in",
    "`new …Error(…)`, which are texts; tests that start commands or take minutes are not used, and about a minute of them for",
    "each. Mutants that change nothing that can be observed, or need another library than is there, are listed with the reason",
    "and do not count.",
    "",
    `Tried: ${tried.length} of the ${mutants.length} in the sample, each folder in proportion unless it was asked for alone.`,
    "Tests were written against those that were not seen: a sample by another seed says more about the rest.",
    "",
    "| folder | mutants | seen | score |",
    "| --- | ---: | ---: | ---: |",
    ...rows(counted),
    "",
    "## Not seen",
    "",
    ...left.map(({ mutant, result }) => line(mutant, result.status === "unreached" ? " (no test runs it)" : "")),
    "",
    "## Equal to the source, or out of reach",
    "",
    ...same.map(({ mutant }) => line(mutant, `: ${equal[mutant.key]}`)),
    "",
  ].join("\n");
}

function rows(counted: readonly Tried[]): string[] {
  const row = (name: string, own: readonly Tried[]): string[] => {
    if (own.length === 0) return [];
    const seen = own.filter(({ result }) => isKilled(result)).length;
    return [`| ${name} | ${own.length} | ${seen} | ${(seen / own.length).toFixed(2)} |`];
  };
  const within = (prefix: string): Tried[] => counted.filter(({ mutant }) => mutant.file.startsWith(prefix));
  return [
    ...FOLDERS.flatMap((folder) => row(folder, within(`${folder}/`))),
    ...row("of engines, engines/onednn", within("engines/onednn/")),
    ...row("all", counted),
  ];
}

/** A mutant in one line. */
export function line({ file, location, original, replacement }: Mutant, note = ""): string {
  const short = (text: string): string => {
    const joined = text.replace(/\s+/g, " ").replaceAll("`", "'");
    return joined.length <= 80 ? joined : `${joined.slice(0, 77)}…`;
  };
  return `- ${file}:${location.start.line + 1}: \`${short(original)}\` → \`${short(replacement)}\`${note}`;
}
