/** Which process wrote something, so that another one can tell whether it is still there. */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** A process. */
export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** What tells it from a later process of that number; "" where the system does not say (Linux does). */
  readonly begun: string;
}

/** Where in `/proc/PID/stat` the time of the start stands, counted behind the name in brackets; the state is the first. */
const START_FIELD = 19;
/** States of a process that has ended, while the one that started it has yet to ask how. */
const ENDED = ["Z", "X"];

/**
 * When a process began: the boot, and the ticks since then; "" where the system does not say. Undefined if it has ended.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
async function beginningOf(pid: number): Promise<string | undefined> {
  try {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (ENDED.includes(fields[0] ?? "")) return undefined;
    const ticks = fields[START_FIELD];
    return ticks === undefined ? "" : `${boot} ${ticks}`;
  } catch {
    return "";
  }
}

/** This process. */
export const ownMark = async (): Promise<ProcessMark> => ({
  ...{ pid: process.pid, host: hostname() },
  begun: (await beginningOf(process.pid)) ?? "",
});

/** Whether there is a process of that number on this machine. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // another person's process
  }
}

/** Whether a process of this machine is there, and is the one that is meant. */
export async function isAlive({ pid, begun }: ProcessMark): Promise<boolean> {
  if (!isThere(pid)) return false;
  const now = await beginningOf(pid);
  if (now === undefined) return false;
  return begun === "" || now === "" || begun === now;
}
