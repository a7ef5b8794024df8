/** A run as the list shows it. */
import { join } from "node:path";
import {
  isAtWork,
  PROGRESS_FILE,
  RUN_FILES,
  type RunProgress,
  readProgress,
  readRunAccount,
  runLine,
  type TrainSummary,
} from "../../../training/index.ts";
import type { Note, Progress, RunEntry, RunState, Setting } from "../api.ts";
import { describedSettings } from "../settings.ts";
import { readLog, stampOf } from "./log.ts";
import { thinned } from "./metrics.ts";

/** What an entry is made of, and more than it shows. */
export interface ReadRun {
  readonly entry: RunEntry;
  readonly settings: readonly Setting[];
  readonly summary: TrainSummary | undefined;
}

/** Milliseconds without a sign of life after which a run is not taken to be under way. */
const SILENCE = 60_000;
const CURVE = 50;
const WATCHED = {
  ...{ config: RUN_FILES.config, metrics: RUN_FILES.metrics, summary: RUN_FILES.summary, log: RUN_FILES.log },
  ...{ last: RUN_FILES.last, note: RUN_FILES.note, progress: PROGRESS_FILE },
} as const;
const NAMES = Object.keys(WATCHED) as (keyof typeof WATCHED)[];
/** Files whose change is a sign of life; a person may write a note at any time. */
const ALIVE = NAMES.filter((name) => name !== "note");

type Stamps = Readonly<Record<keyof typeof WATCHED, { readonly changed: number; readonly size: number }>>;

async function stampsOf(run: string): Promise<Stamps> {
  const stamps = await Promise.all(NAMES.map((name) => stampOf(join(run, WATCHED[name]))));
  return Object.fromEntries(NAMES.map((name, index) => [name, stamps[index]])) as unknown as Stamps;
}

const lastChange = (stamps: Stamps): number => Math.max(...ALIVE.map((name) => stamps[name].changed));

/** Reads runs again only where a file has changed. */
export interface RunReader {
  read(path: string, id: string): Promise<ReadRun>;
}

/** A reader with an empty memory. */
export function createRunReader(): RunReader {
  const known = new Map<string, { key: string; run: Promise<ReadRun> }>();
  return {
    async read(path, id) {
      const stamps = await stampsOf(path);
      const progress = stamps.progress.size === 0 ? undefined : await readProgress(path);
      const isLive = progress !== undefined && isAtWork(progress);
      const key = JSON.stringify([stamps, progress, isLive, Date.now() - lastChange(stamps) < SILENCE]);
      const last = known.get(path);
      if (last?.key === key) return last.run;
      const run = readRun(path, id, { stamps, progress, isLive });
      known.set(path, { key, run });
      return run;
    },
  };
}

/** What is known of a run before its files are opened. */
interface Signs {
  readonly stamps: Stamps;
  readonly progress: RunProgress | undefined;
  /** Whether the process that tells of its progress is at work. */
  readonly isLive: boolean;
}

async function readRun(path: string, id: string, { stamps, progress, isLive }: Signs): Promise<ReadRun> {
  const [account, lines] = await Promise.all([readRunAccount(path, { steps: false }), readLog(path)]);
  const { model, data, epochs, epochsAsked, best, seconds, state } = runLine(account, id);
  const curve = account.records.filter((record) => record.type === "epoch").map(({ val }) => val.accuracy);
  const changed = lastChange(stamps);
  const isTraining = isLive && progress !== undefined && !progress.isTrained;
  return {
    settings: describedSettings(account.settings),
    summary: account.summary,
    entry: {
      ...{ id, model, data, epochs, changed, note: account.note ?? "" },
      seconds: isTraining ? (seconds ?? 0) + progress.epochSeconds : seconds,
      state: isTraining
        ? "training"
        : state === "finished"
          ? state
          : endingOf(lines.at(-1) ?? "", { stamps, progress }),
      progress: isTraining ? shownProgress(progress) : null,
      epochsWanted: epochsAsked,
      accuracy: best?.accuracy ?? null,
      loss: best?.loss ?? null,
      bestEpoch: best?.epoch ?? null,
      begun: account.began,
      curve: thinned(curve, CURVE),
      notes: account.problems.map(noteOn),
    },
  };
}

/** What a run's last line in its log says of how it ended. */
const ENDINGS: readonly (readonly [RegExp, RunState])[] = [
  [/^\S+ Stopped after step/, "stopped"],
  [/^\S+ error: /, "failed"],
];

/** Of a run that is not at its end, and whose process does not tell that it is at work. */
function endingOf(lastLine: string, { stamps, progress }: Pick<Signs, "stamps" | "progress">): RunState {
  if (progress) return "killed"; // a process that ends by itself takes the file away
  const told = ENDINGS.find(([line]) => line.test(lastLine))?.[1];
  return told ?? (Date.now() - lastChange(stamps) < SILENCE ? "training" : "silent");
}

function shownProgress(progress: RunProgress): Progress {
  const { epoch, batch, stepsPerEpoch, step, train, imagesPerSecond, secondsLeft, doing } = progress;
  return { epoch, batch, stepsPerEpoch, step, train, imagesPerSecond, secondsLeft, doing };
}

function noteOn(problem: string): Note {
  const isNewer = /does not know/.test(problem);
  const hint = isNewer ? "Update ocelli to use the run; what is known is shown." : "What else is there is shown.";
  return { message: problem, hint };
}
