/** Training that the dashboard has started: the real command line as child processes, one at a time, the others in a queue. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ExportRequest, Job, ResumeRequest } from "../api.ts";
import type { RunsFolder } from "../runs/find.ts";
import { conflict } from "../status-error.ts";
import { type Child, startChild } from "./child.ts";
import type { Values } from "./form.ts";

/** How the command line is called: the arguments after `node`. */
export interface TrainingCommands {
  readonly train: (values: Values, run: string) => readonly string[];
  readonly resume: (run: string, changes: ResumeRequest) => readonly string[];
  readonly export: (run: string, request: ExportRequest & { readonly out: string }) => readonly string[];
}

/** Processes by the ids of their runs. */
export interface Jobs {
  /** Begins a run, or puts it into the queue, and returns its id. */
  train(values: Values, model: string): Promise<string>;
  /** Goes on with a run. One that is being trained is refused (409). */
  resume(id: string, changes: ResumeRequest): void;
  /** Asks the run to save and stop, or takes it out of the queue. A run that was not started here is refused (409). */
  stop(id: string): void;
  /** The last process of a run; null if there was none. */
  of(id: string): Job | null;
  /** Whether the run is being trained here, or will be. */
  isActive(id: string): boolean;
  /** Says that a run has another id now; null that it is gone. */
  moved(id: string, to: string | null): void;
  /** Runs whose process has begun or waits, the last first. */
  ids(): string[];
  /** Asks all to save and stop, and waits until they have. */
  close(): Promise<void>;
}

interface KnownJob {
  readonly kind: Job["kind"];
  readonly args: readonly string[];
  state: Job["state"];
  code: number | null;
  child: Child | undefined;
}

/** No process yet. */
export function createJobs(runs: RunsFolder, commands: TrainingCommands): Jobs {
  const jobs = new Map<string, KnownJob>();
  const isActive = (id: string): boolean => (jobs.get(id)?.state ?? "ended") !== "ended";
  const advance = (): void => {
    const all = [...jobs.values()];
    if (all.some(({ state }) => state === "running" || state === "stopping")) return;
    const next = all.find(({ state }) => state === "waiting");
    if (next) startJob(next, advance);
  };
  const add = (id: string, job: Pick<KnownJob, "kind" | "args">): void => {
    jobs.delete(id);
    jobs.set(id, { ...job, state: "waiting", code: null, child: undefined });
    advance();
  };
  return {
    async train(values, model) {
      const id = await freeId(runs.root, { name: `${basename(resolve(String(values.data)))}-${model}`, taken: jobs });
      add(id, { kind: "train", args: commands.train(values, join(runs.root, id)) });
      return id;
    },
    resume(id, changes) {
      if (isActive(id)) throw conflict(`run "${id}": it is being trained already.`, "Watch it on its page.");
      add(id, { kind: "resume", args: commands.resume(join(runs.root, id), changes) });
    },
    stop(id) {
      const job = jobs.get(id);
      if (!job || job.state === "ended")
        throw conflict(
          `run "${id}": expected a run that was started here but it was not, or has ended.`,
          "Press Ctrl-C where it was started: it saves and can be resumed.",
        );
      if (job.state === "waiting") return void jobs.delete(id);
      job.state = "stopping";
      job.child?.process.kill("SIGINT");
    },
    of(id) {
      const job = jobs.get(id);
      return job ? { kind: job.kind, state: job.state, code: job.code, lines: job.child?.lines() ?? [] } : null;
    },
    isActive,
    moved(id, to) {
      const job = jobs.get(id);
      jobs.delete(id);
      if (job && to !== null) jobs.set(to, job);
    },
    ids: () => [...jobs.keys()].reverse(),
    async close() {
      for (const [id, job] of jobs) {
        if (job.state === "waiting") jobs.delete(id);
        else if (job.state === "running") job.child?.process.kill("SIGINT");
      }
      await Promise.all([...jobs.values()].map(({ child }) => child?.ended));
    },
  };
}

async function freeId(
  root: string,
  { name, taken }: { name: string; taken: ReadonlyMap<string, unknown> },
): Promise<string> {
  const there = new Set(await readdir(root).catch(() => []));
  let number = 1;
  while (there.has(`${name}-${number}`) || taken.has(`${name}-${number}`)) number++;
  return `${name}-${number}`;
}

function startJob(job: KnownJob, onEnd: () => void): void {
  job.child = startChild(job.args);
  job.state = "running";
  void job.child.ended.then((code) => {
    job.state = "ended";
    job.code = code;
    onEnd();
  });
}

/** Whether a run's folder is there. */
export const hasFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
