/** What networks make of their validation sets: computed when it is asked for, one run after the other, and kept in the run's folder. */
import { join } from "node:path";
import { loadData } from "../../../data/index.ts";
import { messageOf, UserError } from "../../../errors.ts";
import {
  configValues,
  dataByOutputs,
  dataOptions,
  loadModel,
  openModel,
  PREDICTIONS_FILE,
  type Predictions,
  predictionsState,
  readPredictions,
  readRunConfig,
  readRunMarks,
  workersOf,
  writePredictions,
} from "../../../training/index.ts";
import type { EvaluationState, Note } from "../api.ts";
import { stampOf } from "../runs/log.ts";
import { missing } from "../status-error.ts";
import { dataPlace } from "./data-place.ts";

/** Evaluations of runs, by the runs' folders. */
export interface Evaluations {
  state(run: string): Promise<EvaluationState>;
  /** Begins one, unless it is under way. */
  start(run: string): void;
  /** The predictions that there are; a 404 if there are none. */
  predictions(run: string): Promise<Predictions>;
}

interface Progress {
  done: number;
  total: number;
}

/** No evaluation yet. */
export function createEvaluations(): Evaluations {
  const running = new Map<string, Progress>();
  const faults = new Map<string, Note>();
  const known = new Map<string, { key: string; predictions: Promise<Predictions | undefined> }>();
  let last: Promise<void> = Promise.resolve();
  return {
    async state(run) {
      const progress = running.get(run);
      if (progress) return { state: "running", ...progress, error: null };
      const error = faults.get(run) ?? null;
      return { state: error ? "failed" : await predictionsState(run), done: 0, total: 0, error };
    },
    start(run) {
      if (running.has(run)) return;
      const progress = { done: 0, total: 0 };
      running.set(run, progress);
      faults.delete(run);
      last = last
        .then(() => evaluate(run, progress))
        .catch((error: unknown) => {
          const hint = error instanceof UserError ? error.hint : "This is a bug in ocelli: please report it.";
          faults.set(run, { message: messageOf(error), hint });
        })
        .finally(() => running.delete(run))
        .then(() => undefined);
    },
    async predictions(run) {
      const key = JSON.stringify(await stampOf(join(run, PREDICTIONS_FILE)));
      const entry = known.get(run);
      const predictions = entry?.key === key ? entry.predictions : readPredictions(run);
      if (entry?.key !== key) known.set(run, { key, predictions });
      const found = await predictions;
      if (found) return found;
      throw missing("expected predictions of the validation set but there are none yet.", "Evaluate the run first.");
    },
  };
}

async function evaluate(run: string, progress: Progress): Promise<void> {
  const config = configValues(await readRunConfig(run));
  const model = await loadModel(run);
  const place = await dataPlace(config.data, run);
  const data = dataByOutputs(await loadData(place, dataOptions(config, await readRunMarks(run))), model);
  progress.total = data.test.length;
  const trainer = await openModel(model, { engine: config.engine, transfer: true });
  try {
    const evaluation = await trainer.evaluate(data.test, {
      workers: workersOf(config, data),
      onProgress: (done) => {
        progress.done = done;
      },
    });
    await writePredictions(run, { data, evaluation, classes: model.classes });
  } finally {
    await trainer.close();
  }
}
