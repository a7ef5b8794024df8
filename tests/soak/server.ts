/** Servers of the command line for long trials. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

/** A server that runs. */
export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  /** Stops it as SIGTERM does: its exit code and what it said on standard error, but for that it stops. */
  end(): Promise<{ readonly code: number | null; readonly notes: string }>;
}

/** `ocelli serve run` in a folder. */
export async function serve(cwd: string, flags: readonly string[]): Promise<Served> {
  const main = resolve("dist/cli/main.js");
  const child = spawn(process.execPath, [main, "serve", "run", "--port", "0", ...flags], { cwd });
  let notes = "";
  child.stderr.on("data", (text) => {
    notes += text;
  });
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^listening on (\S+)$/.exec(line)?.[1] ?? "";
    if (url) break;
  }
  return {
    child,
    url,
    async end() {
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number | null];
      return { code, notes: notes.replace(/\nStopping[^\n]*\n/, "").trim() };
    },
  };
}

/** Resident memory of a process in MiB. */
export function memoryOf({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
