/** A run as the list shows it. */
import { join } from "node:path";
import { RUN_FILES, readRunAccount, runLine, type TrainSummary } from "../../../training/index.ts";
import type { Note, RunEntry, RunState, Setting } from "../api.ts";
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
const WATCHED = ["config", "metrics", "summary", "log", "last"] as const;

type Stamps = Readonly<Record<(typeof WATCHED)[number], { readonly changed: number; readonly size: number }>>;

async function stampsOf(run: string): Promise<Stamps> {
  const stamps = await Promise.all(WATCHED.map((name) => stampOf(join(run, RUN_FILES[name]))));
  return Object.fromEntries(WATCHED.map((name, index) => [name, stamps[index]])) as unknown as Stamps;
}

const lastChange = (stamps: Stamps): number => Math.max(...WATCHED.map((name) => stamps[name].changed));

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
      const key = JSON.stringify([stamps, Date.now() - lastChange(stamps) < SILENCE]);
      const last = known.get(path);
      if (last?.key === key) return last.run;
      const run = readRun(path, id, stamps);
      known.set(path, { key, run });
      return run;
    },
  };
}

async function readRun(path: string, id: string, stamps: Stamps): Promise<ReadRun> {
  const [account, lines] = await Promise.all([readRunAccount(path, { steps: false }), readLog(path)]);
  const { model, data, epochs, epochsAsked, best, seconds, state } = runLine(account, id);
  const curve = account.records.filter((record) => record.type === "epoch").map(({ val }) => val.accuracy);
  const changed = lastChange(stamps);
  return {
    settings: Object.entries(account.settings).map(([name, { value, from }]) => ({ name, value, from })),
    summary: account.summary,
    entry: {
      ...{ id, model, data, epochs, seconds, changed },
      state: state === "finished" ? state : stateOf(lines.at(-1) ?? "", changed),
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

/** Of a run that is not at its end. */
const stateOf = (lastLine: string, changed: number): RunState =>
  ENDINGS.find(([line]) => line.test(lastLine))?.[1] ?? (Date.now() - changed < SILENCE ? "training" : "silent");

function noteOn(problem: string): Note {
  const isNewer = /does not know/.test(problem);
  const hint = isNewer ? "Update ocelli to use the run; what is known is shown." : "What else is there is shown.";
  return { message: problem, hint };
}
