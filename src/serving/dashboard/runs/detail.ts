/** All about one run but for its pictures. */
import { readdir } from "node:fs/promises";
import { RUN_FILES } from "../../../training/index.ts";
import type { EvaluationState, Exports, Job, LiveState, RunCompany, RunDetail, RunEntry } from "../api.ts";
import type { RunReader } from "./entry.ts";
import { metricsOf, readMetrics } from "./metrics.ts";

/** Files of a run that a page may open. */
const OPENED = /^[\w-]+\.png$|^report\.html$/;

/** Whether a run's file of that name may be opened. */
export const mayBeOpened = (name: string): boolean => OPENED.test(name);

/** What is known of a run besides its folder. */
export interface KnownOfRun {
  readonly job: Job | null;
  readonly evaluation: EvaluationState;
  readonly exports: Exports;
}

interface RunPlace {
  readonly path: string;
  readonly id: string;
  readonly reader: RunReader;
}

async function companyOf(path: string, known: KnownOfRun): Promise<RunCompany> {
  const files = await readdir(path).catch((): string[] => []);
  const hasWeights = files.includes(RUN_FILES.best) || files.includes(RUN_FILES.last);
  return { ...known, hasWeights, files: files.filter(mayBeOpened).sort() };
}

/** Reads what changes in the run in the folder `path`, but for its records. */
export async function readLive({ path, id, reader }: RunPlace, known: KnownOfRun): Promise<LiveState> {
  const [{ entry }, company] = await Promise.all([reader.read(path, id), companyOf(path, known)]);
  return { entry: stateWith(entry, known.job), company };
}

/** Reads all about the run in the folder `path`. */
export async function readDetail({ path, id, reader }: RunPlace, known: KnownOfRun): Promise<RunDetail> {
  const [{ entry, settings, summary }, metrics, company] = await Promise.all([
    reader.read(path, id),
    readMetrics(path),
    companyOf(path, known),
  ]);
  return {
    ...stateWith(entry, known.job),
    settings,
    summary: summary ? { imagesPerSecond: summary.imagesPerSecond, peakRssMiB: summary.peakRssMiB } : null,
    metrics: metricsOf(metrics),
    company,
  };
}

/** A run's state, where its process is known better than its files. */
export function stateWith(entry: RunEntry, job: Job | null): RunEntry {
  if (job?.state === "waiting") return { ...entry, state: "queued" };
  if (job && job.state !== "ended") return { ...entry, state: "training" };
  if (!job || entry.state !== "training") return entry;
  return { ...entry, state: job.code === 0 ? "finished" : job.code === null ? "killed" : "failed" };
}
