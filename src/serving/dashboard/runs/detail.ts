/** All about one run but for its pictures. */
import { readdir } from "node:fs/promises";
import { RUN_FILES } from "../../../training/index.ts";
import type { EvaluationState, Job, RunDetail } from "../api.ts";
import type { RunReader } from "./entry.ts";
import { metricsOf, readMetrics } from "./metrics.ts";

/** Files of a run that a page may open. */
const OPENED = /^[\w-]+\.png$|^report\.html$/;

/** Whether a run's file of that name may be opened. */
export const mayBeOpened = (name: string): boolean => OPENED.test(name);

/** What is known of a run besides its folder. */
export interface RunCompany {
  readonly job: Job | null;
  readonly evaluation: EvaluationState;
}

/** Reads all about the run in the folder `path`. */
export async function readDetail(
  { path, id, reader }: { path: string; id: string; reader: RunReader },
  { job, evaluation }: RunCompany,
): Promise<RunDetail> {
  const [{ entry, settings, summary }, metrics, files] = await Promise.all([
    reader.read(path, id),
    readMetrics(path),
    readdir(path).catch((): string[] => []),
  ]);
  return {
    ...stateWith(entry, job),
    settings,
    summary: summary ? { imagesPerSecond: summary.imagesPerSecond, peakRssMiB: summary.peakRssMiB } : null,
    metrics: metricsOf(metrics),
    files: files.filter(mayBeOpened).sort(),
    job,
    evaluation,
    hasWeights: files.includes(RUN_FILES.best) || files.includes(RUN_FILES.last),
  };
}

/** A run's state, where its process is known better than its files. */
export function stateWith<Entry extends Pick<RunDetail, "state">>(entry: Entry, job: Job | null): Entry {
  if (job && job.state !== "ended") return { ...entry, state: "training" };
  return entry.state === "training" && job ? { ...entry, state: job.code === 0 ? "finished" : "failed" } : entry;
}
