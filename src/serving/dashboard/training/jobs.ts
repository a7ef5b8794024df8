/** Training that the dashboard has started: the real command line as child processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Job } from "../api.ts";
import type { RunsFolder } from "../runs/find.ts";
import { StatusError } from "../status-error.ts";
import type { Values } from "./form.ts";

/** How the command line is called: the arguments after `node`. */
export interface TrainingCommands {
  readonly train: (values: Values, run: string) => readonly string[];
  readonly resume: (run: string) => readonly string[];
}

/** Processes by the ids of their runs. */
export interface Jobs {
  /** Begins a run and returns its id. */
  train(values: Values, model: string): Promise<string>;
  /** Goes on with a run. One that is being trained is refused (409). */
  resume(id: string): void;
  /** Asks the run to save and stop. A run that was not started here is refused (409). */
  stop(id: string): void;
  /** The last process of a run; null if there was none. */
  of(id: string): Job | null;
  /** Runs whose process has begun, the last first. */
  ids(): string[];
  /** Asks all to save and stop, and waits until they have. */
  close(): Promise<void>;
}

interface RunningJob {
  readonly kind: Job["kind"];
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  state: Job["state"];
  code: number | null;
  lines: string[];
}

const LINES = 200;

/** No process yet. */
export function createJobs(runs: RunsFolder, commands: TrainingCommands): Jobs {
  const jobs = new Map<string, RunningJob>();
  const start = (id: string, kind: Job["kind"], args: readonly string[]): void => {
    jobs.delete(id);
    jobs.set(id, startJob(kind, args));
  };
  const isRunning = (id: string): boolean => (jobs.get(id)?.state ?? "ended") !== "ended";
  return {
    async train(values, model) {
      const id = await freeId(runs.root, { name: `${basename(resolve(String(values.data)))}-${model}`, taken: jobs });
      start(id, "train", commands.train(values, join(runs.root, id)));
      return id;
    },
    resume(id) {
      if (isRunning(id)) throw conflict(`run "${id}": it is being trained already.`, "Watch it on its page.");
      start(id, "resume", commands.resume(join(runs.root, id)));
    },
    stop(id) {
      const job = jobs.get(id);
      if (!job || job.state === "ended")
        throw conflict(
          `run "${id}": expected a run that was started here but it was not, or has ended.`,
          "Press Ctrl-C where it was started: it saves and can be resumed.",
        );
      job.state = "stopping";
      job.child.kill("SIGINT");
    },
    of(id) {
      const job = jobs.get(id);
      if (!job) return null;
      const { kind, state, code, lines } = job;
      return { kind, state, code, lines };
    },
    ids: () => [...jobs.keys()].reverse(),
    async close() {
      for (const job of jobs.values()) if (job.state === "running") job.child.kill("SIGINT");
      await Promise.all([...jobs.values()].map(({ ended }) => ended));
    },
  };
}

const conflict = (message: string, hint: string): StatusError => new StatusError(409, message, hint);

async function freeId(
  root: string,
  { name, taken }: { name: string; taken: ReadonlyMap<string, unknown> },
): Promise<string> {
  const there = new Set(await readdir(root).catch(() => []));
  let number = 1;
  while (there.has(`${name}-${number}`) || taken.has(`${name}-${number}`)) number++;
  return `${name}-${number}`;
}

function startJob(kind: Job["kind"], args: readonly string[]): RunningJob {
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C in the dashboard's terminal is for the dashboard, which then asks for a stop once
  });
  let finish = (): void => {};
  const ended = new Promise<void>((done) => {
    finish = done;
  });
  const job: RunningJob = { kind, child, ended, state: "running", code: null, lines: [] };
  const add = (text: string): void => {
    job.lines = [...job.lines, ...text.split("\n").filter((line) => line.trim() !== "")].slice(-LINES);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", add);
  child.on("error", (error) => add(`error: ${error.message}`));
  child.on("close", (code) => {
    job.state = "ended";
    job.code = code;
    finish();
  });
  return job;
}

/** Whether a run's folder is there. */
export const hasFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
