/** What the dashboard's routes work with. */
import { join } from "node:path";
import { openWorkers } from "../work/threads.ts";
import type { Workers } from "../work/work.ts";
import { createExports, type ModelExports } from "./actions/exports.ts";
import type { EvaluationState, Exports, Job, LiveState, RunCompany, RunDetail, RunEntry, RunList } from "./api.ts";
import { openPlace } from "./pictures/data-set.ts";
import { createEvaluations, type Evaluations } from "./pictures/evaluations.ts";
import { createModels, type Models } from "./pictures/models.ts";
import { createPlaces, type Places } from "./pictures/places.ts";
import { createThumbnails, type Thumbnails } from "./pictures/thumbnails.ts";
import { type KnownOfRun, readDetail, readLive, stateWith } from "./runs/detail.ts";
import { createRunReader } from "./runs/entry.ts";
import { findRun, findRunIds, type RunsFolder, runPath } from "./runs/find.ts";
import { createJobs, hasFolder, type Jobs, type TrainingCommands } from "./training/jobs.ts";

/** What the dashboard is of. */
export interface DashboardOptions {
  readonly runs: RunsFolder;
  /** The folder of the built page. */
  readonly page: string;
  readonly commands: TrainingCommands;
  /** What a browser has to have been given; none where it is undefined. */
  readonly token?: string;
}

/** The dashboard's state, and what it knows of runs. */
export interface Dashboard extends DashboardOptions {
  readonly evaluations: Evaluations;
  readonly models: Models;
  readonly places: Places;
  readonly thumbnails: Thumbnails;
  /** What decodes pictures. */
  readonly workers: Workers;
  readonly jobs: Jobs;
  readonly exports: ModelExports;
  list(): Promise<RunList>;
  detail(id: string): Promise<RunDetail>;
  live(id: string): Promise<LiveState>;
  /** Where a run's records are or will be. A run that neither is there nor has a process is a 404. */
  liveFolder(id: string): Promise<string>;
}

/** Threads that decode pictures, so that the server goes on answering. */
const DECODING_THREADS = 2;
const NO_EXPORTS: Exports = { folder: "", files: [], state: "none", error: null };
const NO_EVALUATION: EvaluationState = { state: "none", done: 0, total: 0, error: null };

/** A run whose process has begun, but that has no folder. */
function withoutFolder(id: string, job: Job): RunEntry {
  const state = job.state === "ended" ? "failed" : job.state === "waiting" ? "queued" : "starting";
  const unknown = { model: null, data: null, epochsWanted: null, accuracy: null, loss: null, bestEpoch: null };
  const nothing = { epochs: 0, seconds: null, changed: 0, curve: [], progress: null, note: "", notes: [] };
  return { id, state, ...unknown, ...nothing, begun: Date.now() };
}

/** What goes with a run that has no folder. */
const companyWithout = (job: Job): RunCompany => ({
  ...{ job, evaluation: NO_EVALUATION, exports: NO_EXPORTS, files: [], hasWeights: false },
});

/** A dashboard where nothing has happened yet. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { runs } = options;
  const workers = openWorkers(DECODING_THREADS);
  const reader = createRunReader();
  const evaluations = createEvaluations();
  const jobs = createJobs(runs, options.commands);
  const starting = async (id: string): Promise<Job | null> => {
    const job = jobs.of(id);
    return job && !(await hasFolder(runPath(runs, id))) ? job : null;
  };
  const exports = createExports(options.commands);
  const knownOf = async (id: string, path: string): Promise<KnownOfRun> => ({
    job: jobs.of(id),
    evaluation: await evaluations.state(path),
    exports: await exports.of(path),
  });
  return {
    ...options,
    ...{
      evaluations,
      jobs,
      exports,
      workers,
      models: createModels(workers),
      places: createPlaces(openPlace),
      thumbnails: createThumbnails(workers),
    },
    async list() {
      const ids = await findRunIds(runs);
      const read = await Promise.all(ids.map((id) => reader.read(join(runs.root, id), id)));
      const begun = jobs.ids().flatMap((id) => {
        const job = jobs.of(id);
        return job && !ids.includes(id) ? [withoutFolder(id, job)] : [];
      });
      return { folder: runs.name, runs: [...begun, ...read.map(({ entry }) => stateWith(entry, jobs.of(entry.id)))] };
    },
    async detail(id) {
      const job = await starting(id);
      if (job) {
        const metrics = { epochs: [], evals: [], steps: [], end: 0 };
        return { ...withoutFolder(id, job), settings: [], summary: null, metrics, company: companyWithout(job) };
      }
      const path = await findRun(runs, id);
      return readDetail({ path, id, reader }, await knownOf(id, path));
    },
    async live(id) {
      const job = await starting(id);
      if (job) return { entry: withoutFolder(id, job), company: companyWithout(job) };
      const path = await findRun(runs, id);
      return readLive({ path, id, reader }, await knownOf(id, path));
    },
    liveFolder: async (id) => ((await starting(id)) ? runPath(runs, id) : findRun(runs, id)),
  };
}
