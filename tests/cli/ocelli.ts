/** Runs the built command line as a person does. */
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
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

/** Starts `ocelli ARGS`, sends `signals` one after the other once `file` is there, and waits for its end. */
export function interrupted(
  cwd: string,
  args: readonly string[],
  { signals, file }: { signals: readonly NodeJS.Signals[]; file: string },
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const poll = setInterval(() => {
    if (!existsSync(join(cwd, file))) return;
    clearInterval(poll);
    for (const signal of signals) child.kill(signal);
  }, 5);
  return new Promise((done) => {
    child.on("exit", (code) => {
      clearInterval(poll);
      done({ code, stderr });
    });
  });
}
