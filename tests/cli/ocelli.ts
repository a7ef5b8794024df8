/** Runs the built command line as a person does. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "vitest";

/** The file that is run as `ocelli`. */
export const MAIN = resolve("dist/cli/main.js");

/** An empty folder of its own. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), "ocelli-cli-"));

/** Flags of the quickest training on photos that there is. */
export const quickTraining = (batchSize: number): string[] =>
  `--model squeezenet1_1 --weights none --size 32 --batch-size ${batchSize} --epochs 1 --workers 0`.split(" ");

/** What a command did. */
export type Finished = SpawnSyncReturns<string>;

/** Runs `ocelli ARGS` in the folder `cwd` to its end. */
export const ocelli = (
  cwd: string,
  args: readonly string[],
  options: { input?: Uint8Array; env?: object } = {},
): Finished =>
  spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    encoding: "utf8",
    input: options.input,
    env: { ...process.env, ...options.env },
    timeout: 280_000,
  });

/** The JSON object that `ocelli ARGS --json` prints, alone on standard output. */
export function ocelliJson<Result>(cwd: string, args: readonly string[]): Result {
  const { stdout, stderr, status } = ocelli(cwd, [...args, "--json"]);
  if (status !== 0) throw new Error(`ocelli ${args.join(" ")}: exit code ${status}\n${stderr}`);
  return JSON.parse(stdout) as Result;
}

/** All that is in a folder, to see that nothing came or went. */
const contents = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();

/**
 * Runs a command in `cwd` that has to fail with that exit code and leave nothing behind; its two lines without "error: "
 * and "hint: ". `perform` runs it otherwise than as usual.
 */
export function failingIn(
  cwd: string,
  args: readonly string[],
  code: number,
  perform: (args: readonly string[]) => Finished = () => ocelli(cwd, args),
): { error: string; hint: string } {
  const before = contents(cwd);
  const { status, stdout, stderr } = perform(args);
  expect(contents(cwd)).toEqual(before);
  expect(stdout).toBe("");
  const [, error = "", hint = ""] = /^error: ([^\n]+\.)\nhint: ([^\n]+)\n$/.exec(stderr) ?? [];
  expect(error, stderr).not.toBe("");
  expect(status).toBe(code);
  return { error, hint };
}

/** A signal that a process sends to itself once it has told something on standard error. */
export interface SelfSignal {
  readonly at: RegExp;
  readonly signal: NodeJS.Signals;
}

/** Runs `ocelli ARGS`, which gets each of `signals` at its moment, to its end. */
export function interrupted(cwd: string, args: readonly string[], signals: readonly SelfSignal[]): Finished {
  const preload = `
    const waiting = [${signals.map(({ at, signal }) => `[${at}, "${signal}"]`).join(", ")}];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text, ...rest) => {
      const written = write(text, ...rest);
      if (waiting[0]?.[0].test(text)) process.kill(process.pid, waiting.shift()[1]);
      return written;
    };`;
  const execArgs = ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
  return spawnSync(process.execPath, [...execArgs, MAIN, ...args], { cwd, encoding: "utf8", timeout: 280_000 });
}
