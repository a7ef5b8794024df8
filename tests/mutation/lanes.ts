/** Processes that run tests side by side, each ended together with all that it started when a test file takes too long. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Answer, Question } from "./lane.ts";

/** How a test file ended. */
export interface Outcome {
  readonly test: string;
  readonly end: "passed" | "failed" | "timed out";
  readonly seconds: number;
  /** The tests that failed and their messages. */
  readonly why: string;
}

/** Test files to run until one fails, with the seconds that each may take. */
export interface Work {
  readonly tests: readonly { readonly name: string; readonly limit: number }[];
  readonly env: Readonly<Record<string, string>>;
}

/** Seconds that a lane may take to begin. */
const STARTING = 120;

/** A process that takes one work after another. */
export interface Lane {
  run(work: Work): Promise<Outcome[]>;
  close(): void;
}

/** A lane in the copy at `root`; its process begins with its first work. */
export function openLane(root: string, env: Readonly<Record<string, string>>): Lane {
  let child: ChildProcess | undefined;
  const end = (): void => {
    if (child?.pid !== undefined) endGroup(child.pid);
    child = undefined;
  };
  const started = async (): Promise<ChildProcess> => {
    if (child?.connected) return child;
    const own = fork(join(import.meta.dirname, "lane.ts"), [root], {
      ...{ detached: true, execArgv: ["--import", "tsx"], env: { ...process.env, ...env } },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    child = own;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("A lane did not begin")), 1000 * STARTING);
      own.once("message", () => resolve(clearTimeout(late)));
      own.once("exit", (code) => reject(new Error(`A lane ended with ${code}`)));
    });
    return own;
  };
  return { run: async (work) => follow(await started(), work, end), close: end };
}

/** Ends a process and all that it started. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

function follow(child: ChildProcess, { tests, env }: Work, end: () => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const limits = new Map(tests.map(({ name, limit }) => [name, limit]));
  return new Promise((resolve) => {
    let current = tests[0]?.name ?? "";
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(outcomes);
    };
    const broken = (how: "failed" | "timed out", seconds: number, why: string): void => {
      outcomes.push({ test: current, end: how, seconds, why });
      child.removeAllListeners();
      end();
      finish();
    };
    child.on("exit", () => broken("failed", 0, "the process ended"));
    child.on("message", (answer: Answer | "done") => {
      if (answer === "done") return finish();
      if ("begins" in answer) {
        current = answer.begins;
        const limit = limits.get(current) ?? 0;
        clearTimeout(timer);
        timer = setTimeout(() => broken("timed out", limit, ""), 1000 * limit);
        return;
      }
      const { ended: test, isGood, seconds, why } = answer;
      outcomes.push({ test, end: isGood ? "passed" : "failed", seconds, why });
    });
    child.send({ tests: tests.map(({ name }) => name), env } satisfies Question);
  });
}

/** Gives each lane the next of `items` until none is left. */
export async function share<T>(
  lanes: readonly Lane[],
  items: readonly T[],
  run: (item: T, lane: Lane) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const work = async (lane: Lane): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item, lane);
  };
  await Promise.all(lanes.map(work));
}
