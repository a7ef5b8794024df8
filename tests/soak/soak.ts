/**
 * Hours in minutes: a server under 64 clients, aborts and bad requests, and a training of a hundred epochs; writes RESULTS.md.
 *
 * Run: npm run soak -- [--minutes 30] [--clients 64] [--epochs 100]. Memory and handles are read from /proc, so on Linux.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { encodePng } from "../../src/image/index.ts";
import { emptyBmp } from "../../src/testing/photo-folders.ts";
import { bandImages, writeBandFolder } from "../bands.ts";
import { clients } from "./clients.ts";
import { memoryOf, serve } from "./server.ts";

const MAIN = resolve("dist/cli/main.js");
const SMALL = ["--batch-size", "8", "--lr", "0.01"];
/** Share of memory that may come to it from the settled part on. */
const GROWTH = 1.05;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    clients: { type: "string", default: "64" },
    epochs: { type: "string", default: "100" },
  },
});
const [minutes, count, epochs] = [values.minutes, values.clients, values.epochs].map(Number) as [
  number,
  number,
  number,
];
const cwd = mkdtempSync(join(tmpdir(), "ocelli-soak-"));
const faults: string[] = [];

/** Resident memory in MiB and open handles of a process. */
function look(child: ChildProcess): { mib: number; handles: number } {
  return { mib: memoryOf(child), handles: readdirSync(`/proc/${child.pid}/fd`).length };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** Looks at a process every second until it is told to stop, or the process has ended. */
function watch(child: ChildProcess): () => ReturnType<typeof look>[] {
  const seen: ReturnType<typeof look>[] = [];
  const timer = setInterval(() => {
    try {
      seen.push(look(child));
    } catch {
      clearInterval(timer); // it has ended
    }
  }, 1000);
  return () => {
    clearInterval(timer);
    return seen;
  };
}

/** What a process held in the settled part of its time and at its end; more than `GROWTH` of it, and more handles, are faults. */
function settled(what: string, seen: ReturnType<typeof look>[], from: number): string {
  const late = seen.slice(Math.floor(from * seen.length));
  const quarter = Math.max(1, Math.floor(late.length / 4));
  const [first, last] = [late.slice(0, quarter), late.slice(-quarter)];
  const [begin, end] = [median(first.map(({ mib }) => mib)), median(last.map(({ mib }) => mib))];
  const [open, stillOpen] = [median(first.map(({ handles }) => handles)), median(last.map(({ handles }) => handles))];
  if (begin * GROWTH < end) faults.push(`${what}: memory grew from ${begin.toFixed(0)} to ${end.toFixed(0)} MiB`);
  if (what === "training" && open < stillOpen) faults.push(`${what}: ${open} handles became ${stillOpen}`);
  return `memory ${begin.toFixed(0)} → ${end.toFixed(0)} MiB (${((100 * end) / begin - 100).toFixed(1)} %), handles ${open} → ${stillOpen}`;
}

async function run(args: readonly string[]): Promise<ReturnType<typeof look>[]> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["ignore", "ignore", "ignore"] });
  const stop = watch(child);
  const [code] = await once(child, "exit");
  if (code !== 0) faults.push(`${args[0]} ended with ${code}`);
  return stop();
}

async function serving(): Promise<string[]> {
  const served = await serve(cwd, ["--max-client", "256"]);
  const { child, url } = served;
  const { images } = bandImages(1);
  const picture = await encodePng({ width: 28, height: 28, channels: 1, data: images });
  const stop = watch(child);
  const until = performance.now() + minutes * 60_000;
  const { statuses, latencies } = await clients(url, { count, until, picture, bomb: emptyBmp(1000) });
  const seen = stop();
  const { code, notes } = await served.end();
  if (code !== 0) faults.push(`the server ended with ${code}`);
  if (notes !== "") faults.push(`the server said: ${notes.slice(0, 500)}`);
  for (const [status, times] of Object.entries(statuses))
    if ((/^5/.test(status) && status !== "503") || /^lost/.test(status)) faults.push(`${times} answers ${status}`);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): string => `${(sorted[Math.floor(share * sorted.length)] ?? Number.NaN).toFixed(0)} ms`;
  return [
    `- Answers: ${Object.entries(statuses)
      .sort()
      .map(([status, times]) => `${status} × ${times}`)
      .join(", ")}.`,
    `- Good ones: half within ${at(0.5)}, 95 % within ${at(0.95)}, 99 % within ${at(0.99)}.`,
    `- After the first sixth: ${settled("serving", seen, 1 / 6)}.`,
  ];
}

writeBandFolder(join(cwd, "bands"));
writeBandFolder(join(cwd, "many"), {}, { train: 4000, test: 100 }); // so that the pictures drawn at the end are a small part
await run(["train", "bands", "--out", "run", "--epochs", "2", ...SMALL]);
const served = await serving();
const trained = settled(
  "training",
  await run(["train", "many", "--out", "long", "--epochs", String(epochs), ...SMALL]),
  1 / 4,
);
rmSync(cwd, { recursive: true });
const text = [
  "# Soak",
  "",
  `\`npm run soak -- --minutes ${minutes} --clients ${count} --epochs ${epochs}\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores of ${cpus()[0]?.model}.`,
  "No 5xx but 503 is allowed, no lost answer, nothing on standard error, 5 % more memory at most.",
  "",
  `## Serving: ${count} clients, a seventh of them going away, a sixth bad`,
  ...served,
  "",
  `## Training: ${epochs} epochs`,
  `- After the first quarter: ${trained}.`,
  "",
  faults.length === 0 ? "No faults." : `Faults:\n${faults.map((fault) => `- ${fault}`).join("\n")}`,
];
writeFileSync("tests/soak/RESULTS.md", `${text.join("\n")}\n`);
console.log(text.join("\n"));
process.exitCode = faults.length === 0 ? 0 : 1;
