/** One try: a training whose n-th writing fails or is its last, and what becomes of the run. */
import { type SpawnSyncReturns, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** What happens at the n-th writing: an error of the system, a half-done writing, or the end of the process before or after it. */
export const KINDS = ["ENOSPC", "EIO", "EMFILE", "short", "before", "after"] as const;
/** One of them, or nothing. */
export type Kind = (typeof KINDS)[number] | "none";

const INJECT = pathToFileURL(resolve("tests/faults/inject.mjs")).href;
const MAIN = resolve("dist/cli/main.js");
const SETTINGS = ["--epochs", "2", "--batch-size", "8", "--lr", "0.01", "--engine", "onnx", "--workers", "0"];
const FILES = ["batch.png", "best.pth", "config.json", "confusion.png", "curves.png", "last.pth", "log.txt"];
/** What a process leaves that was killed when all was done. */
const LEFT = ["run.lock", "progress.json"];
const END_FILES = ["metrics.jsonl", "predictions.jsonl", "predictions.png", "report.html", "summary.json"];

type Ended = Pick<SpawnSyncReturns<string>, "status" | "signal" | "stderr">;

/** Runs `ocelli ARGS` in `cwd`. */
function perform(cwd: string, args: readonly string[], env: object): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] } as const;
    const child = spawn(process.execPath, ["--import", INJECT, MAIN, ...args], {
      ...options,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("close", (status, signal) => done({ status, signal, stderr }));
  });
}

const train = ["train", "bands", "--out", "runs/x", ...SETTINGS];

/** What a run is by its end: its weights and records, without times. */
function outcome(cwd: string): string {
  const run = join(cwd, "runs/x");
  const found = readdirSync(run).filter((name) => !LEFT.includes(name));
  const expected = [...FILES, ...END_FILES].toSorted();
  if (found.toSorted().join() !== expected.join())
    throw new Error(`expected ${expected.join()} but found ${found.join()}`);
  const summary = JSON.parse(readFileSync(join(run, "summary.json"), "utf8"));
  const records = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  const figures = records.map((line) => {
    const { seconds, dataWaitShare, ...rest } = JSON.parse(line);
    return rest;
  });
  return JSON.stringify([summary.weightsSha256, summary.best, summary.last, summary.epochs, summary.steps, figures]);
}

/** The outcome of a training that nothing happens to, in the empty `runs` of `cwd`, and how many writings it makes. */
export async function undisturbed(cwd: string): Promise<{ outcome: string; writings: number }> {
  const count = join(cwd, "count");
  const { status, stderr } = await perform(cwd, train, { OCELLI_FAULT: "0:none:runs", OCELLI_FAULT_COUNT: count });
  if (status !== 0) throw new Error(stderr);
  const writings = Number(readFileSync(count, "utf8"));
  const result = { outcome: outcome(cwd), writings };
  rmSync(join(cwd, "runs"), { recursive: true });
  return result;
}

const isPlain = (stderr: string): boolean =>
  /(?:^|\n)error: [^\n]+\.\nhint: [^\n]+\n$/.test(stderr) && !/\n {4}at /.test(stderr);

/**
 * Trains with a fault at writing `n`, then goes on as its message says. Throws where the command told it otherwise than in two
 * lines, where the run cannot be gone on with, or where its end is another one than `expected`.
 */
export async function attempt(cwd: string, fault: { n: number; kind: Kind; expected: string }): Promise<void> {
  const { n, kind, expected } = fault;
  const run = join(cwd, "runs/x");
  mkdirSync(join(cwd, "runs"), { recursive: true });
  const first = await perform(cwd, train, { OCELLI_FAULT: `${n}:${kind}:runs` });
  const isKilled = kind === "before" || kind === "after";
  if (
    isKilled
      ? first.signal !== "SIGKILL" && first.status !== 0
      : first.status !== 0 && (first.status !== 1 || !isPlain(first.stderr))
  )
    throw new Error(`expected two lines but got ${first.status} ${first.signal}: ${first.stderr.slice(-2000)}`);
  if (first.status !== 0) {
    const isBegun = existsSync(join(run, "last.pth"));
    const next = await perform(cwd, isBegun ? ["resume", "runs/x"] : train, {});
    const isDone = next.status === 1 && /expected epochs to be left/.test(next.stderr); // it was all there
    if (next.status !== 0 && !isDone) throw new Error(`then: ${next.status} ${next.stderr.slice(-2000)}`);
  }
  const now = outcome(cwd);
  if (now !== expected) throw new Error(`expected ${expected} but got ${now}`);
  rmSync(join(cwd, "runs"), { recursive: true });
}
