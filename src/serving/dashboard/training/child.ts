/** The command line as a child process. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Note } from "../api.ts";

/** A child and what it has said. */
export interface Child {
  readonly process: ChildProcess;
  /** Its exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>;
  /** The last lines that it printed. */
  lines(): readonly string[];
}

const LINES = 200;

/** Runs `node ARGS`. */
export function startChild(args: readonly string[]): Child {
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C in the dashboard's terminal is for the dashboard, which then asks for a stop once
  });
  let lines: readonly string[] = [];
  const add = (text: string): void => {
    lines = [...lines, ...text.split("\n").filter((line) => line.trim() !== "")].slice(-LINES);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", add);
  const ended = new Promise<number | null>((resolve) => {
    child.on("error", (error) => {
      add(`error: ${error.message}`);
      resolve(1);
    });
    child.on("close", resolve);
  });
  return { process: child, ended, lines: () => lines };
}

/** Why a process ended, as its last lines say it. */
export function faultIn(lines: readonly string[], otherwise: Note): Note {
  const last = (start: string): string | undefined =>
    lines.findLast((line) => line.startsWith(start))?.slice(start.length);
  return { message: last("error: ") ?? otherwise.message, hint: last("hint: ") ?? otherwise.hint };
}
