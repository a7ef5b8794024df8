/** What fuzzing found, over all rounds. */
import { cpus } from "node:os";
import type { FuzzResult } from "./engine/loop.ts";

/** What came of one target. */
export interface Total {
  rounds: number;
  cases: number;
  faults: number;
  reached: number;
  milliseconds: number;
  bytes: number;
  /** Inputs that lead on. */
  leads: readonly Uint8Array[];
}

/** Nothing yet. */
export const newTotal = (): Total => ({
  ...{ rounds: 0, cases: 0, faults: 0, reached: 0, milliseconds: 0, bytes: 0 },
  leads: [],
});

/** Counts a round in. */
export function addTo(total: Total, { cases, reached, corpus, most }: FuzzResult): void {
  total.cases += cases;
  total.reached = Math.max(total.reached, reached);
  total.milliseconds = Math.max(total.milliseconds, most.milliseconds);
  total.bytes = Math.max(total.bytes, most.bytes);
  total.leads = corpus;
}

/** A page about all of them. */
export function resultsPage(totals: ReadonlyMap<string, Total>): string {
  const all = [...totals.values()];
  const sum = (key: "cases" | "faults"): string => all.reduce((so, total) => so + total[key], 0).toLocaleString("en");
  const rows = Array.from(totals, ([name, { cases, reached, leads, milliseconds, bytes, faults }]) =>
    [
      name,
      cases.toLocaleString("en"),
      leads.length,
      reached.toLocaleString("en"),
      milliseconds.toFixed(0),
      (bytes / 2 ** 20).toFixed(0),
      faults,
    ].join(" | "),
  );
  return `# Fuzzing

\`npm run fuzz\` wrote this: ${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model}. ${sum("cases")} inputs in all,
${sum("faults")} faults. An input may take 5 s, 256 MiB beside V8's heap and 512 MB of it. What reached code that none before it had
reached leads on to others; code is counted in characters of the sources.

| reader | inputs | lead on | code reached | longest, ms | most memory, MiB | faults |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}
