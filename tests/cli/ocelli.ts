/** Runs the built command line as a person does. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const MAIN = resolve("dist/cli/main.js");

/** An empty folder of its own. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), "ocelli-cli-"));

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
    timeout: 100_000,
  });

/** The JSON object that `ocelli ARGS --json` prints, alone on standard output. */
export function ocelliJson<Result>(cwd: string, args: readonly string[]): Result {
  const { stdout, stderr, status } = ocelli(cwd, [...args, "--json"]);
  if (status !== 0) throw new Error(`ocelli ${args.join(" ")}: exit code ${status}\n${stderr}`);
  return JSON.parse(stdout) as Result;
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
  return spawnSync(process.execPath, [...execArgs, MAIN, ...args], { cwd, encoding: "utf8", timeout: 100_000 });
}
