/**
 * Every writing of a run of two epochs with pictures and report fails once in each way; the last result is in RESULTS.md.
 *
 * Run: npm run faults -- [--kinds ENOSPC,before] [--at 2] (as many at a time)
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeBandFolder } from "../bands.ts";
import { attempt, KINDS, type Kind, undisturbed } from "./attempt.ts";

const { values } = parseArgs({
  options: { kinds: { type: "string", default: KINDS.join() }, at: { type: "string", default: "2" } },
});
const kinds = values.kinds.split(",") as Kind[];

/** A folder with the data. */
function workplace(): string {
  const cwd = mkdtempSync(join(tmpdir(), "ocelli-faults-"));
  writeBandFolder(join(cwd, "bands"));
  return cwd;
}

const places = Array.from({ length: Number(values.at) }, workplace);
const { outcome: expected, writings } = await undisturbed(places[0] as string);
const jobs = kinds.flatMap((kind) => Array.from({ length: writings }, (_, at) => ({ kind, n: at + 1 })));
const faults: string[] = [];
let done = 0;
await Promise.all(
  places.map(async (cwd) => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { kind, n } = job;
      await attempt(cwd, { kind, n, expected }).catch((error: Error) => {
        faults.push(`${kind} at writing ${n}: ${error.message}`);
        console.log(faults.at(-1));
        rmSync(join(cwd, "runs"), { recursive: true, force: true });
      });
      if (++done % 20 === 0) console.log(`${done} of ${kinds.length * writings}, ${faults.length} faults`);
    }
    rmSync(cwd, { recursive: true });
  }),
);
const text = [
  "# Faults at every writing of a run",
  "",
  `\`npm run faults\`, ${new Date().toISOString().slice(0, 10)}: a run of two epochs with pictures and report makes ${writings} writings below its folder.`,
  `Each failed once in each of these ways: ${kinds.join(", ")}. ${done} tries, ${faults.length} of them with a fault.`,
  "After each the command had told it in two lines with exit code 1 (or was killed), and `resume`, or `train` before the first",
  "checkpoint, came to the weights, records and files of a run that nothing happens to.",
  ...(faults.length === 0 ? [] : ["", ...faults.map((fault) => `- ${fault.slice(0, 300)}`)]),
];
writeFileSync("tests/faults/RESULTS.md", `${text.join("\n")}\n`);
console.log(text.join("\n"));
process.exitCode = faults.length === 0 ? 0 : 1;
