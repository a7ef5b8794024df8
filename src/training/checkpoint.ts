/** A run's `best.pth` and `last.pth`: what they hold, and how training goes on from them. */
import { z } from "zod";
import {
  decodeOptimizerState,
  encodeOptimizerState,
  type PthInput,
  pyFloat,
  readPth,
  type StateDict,
  type StateTensor,
  stateDictOf,
  writePth,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import type { ScheduleState } from "../optim/schedule.ts";
import { configValues, type ResolvedConfig } from "./config.ts";
import type { Trainer } from "./network-trainer.ts";

/** The best evaluation of a run so far. */
export interface Best {
  readonly epoch: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** Where a run stands between two steps. */
export interface Progress {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done, in the whole run. */
  readonly step: number;
  /** Steps done of the epoch that is not done yet. */
  readonly batch: number;
  /** Sums over those: Σ loss·images, correct answers, images. */
  readonly totals: { readonly loss: number; readonly correct: number; readonly count: number };
  readonly seconds: number;
  readonly best: Best | null;
  readonly schedule: ScheduleState;
  /** SHA-256 of the data that the run is made on. */
  readonly dataHash: string;
}

const sums = z.object({ loss: z.number(), correct: z.number(), count: z.number() });
const progressSchema = z.object({
  epoch: z.number(),
  step: z.number(),
  batch: z.number(),
  totals: sums,
  seconds: z.number(),
  best: z.object({ epoch: z.number(), accuracy: z.number(), loss: z.number() }).nullable(),
  schedule: z.object({ reductions: z.number(), best: z.number().nullable(), badEpochs: z.number() }).nullable(),
  dataHash: z.string(),
});

/** What does not change during a run. */
export interface RunFacts {
  readonly config: ResolvedConfig;
  readonly classes: readonly string[];
  readonly inputShape: readonly number[];
}

/** What a network needs to know to be used: also without the run. */
const modelEntries = ({ config, classes, inputShape }: RunFacts): Record<string, PthInput> => ({
  classes,
  model: config.model.value,
  preprocessing: { input_shape: inputShape, raw_pixels: config.rawPixels.value },
  config: { ...configValues(config) },
});

/** Writes `best.pth`: the weights, without what only training needs. */
export async function writeBest(path: string, weights: StateDict, facts: RunFacts & { best: Best }): Promise<void> {
  const { best } = facts;
  const entries = { state_dict: weights, best_acc: pyFloat(best.accuracy), epoch: best.epoch, ...modelEntries(facts) };
  await writePth(path, entries);
}

/** Writes `last.pth`: all that resume needs. */
export async function writeLast(
  path: string,
  trainer: Trainer,
  facts: RunFacts & { progress: Progress },
): Promise<void> {
  const { config, progress } = facts;
  const weights = await trainer.weights();
  const optimizer = encodeOptimizerState({
    name: trainer.optimizer.name,
    step: progress.step,
    learningRate: trainer.optimizer.learningRate,
    settings: trainer.optimizer.settings,
    parameters: parametersOf(trainer, weights),
    slots: await trainer.optimizerSlots(),
  });
  await writePth(path, {
    state_dict: weights,
    optimizer,
    best_acc: pyFloat(progress.best?.accuracy ?? 0),
    epoch: progress.epoch,
    progress: JSON.stringify(progress),
    ...modelEntries({ ...facts, config }),
  });
}

/** The names that the optimizer's indices stand for. */
const parametersOf = (trainer: Trainer, weights: StateDict): string[] =>
  [...weights.keys()].filter((name) => trainer.parameters.includes(name));

/** What `last.pth` holds. */
export interface LastCheckpoint {
  readonly progress: Progress;
  readonly weights: StateDict;
  readonly slots: ReadonlyMap<string, StateTensor>;
}

/** Reads `last.pth` for a trainer of the same network and optimizer; anything else is a `UserError`. */
export async function readLast(path: string, trainer: Trainer): Promise<LastCheckpoint> {
  const value = await readPth(path);
  const weights = stateDictOf(value, path);
  const entries = value instanceof Map ? value : new Map<unknown, unknown>();
  const parameters = parametersOf(trainer, weights);
  const progress = parseProgress(entries.get("progress"), path);
  const expected = progress.step === 0 ? new Map<string, number[]>() : trainer.slotShapes;
  const slots = decodeOptimizerState(entries.get("optimizer"), { file: path, parameters, expected });
  return { progress, weights, slots };
}

function parseProgress(text: unknown, file: string): Progress {
  try {
    return progressSchema.parse(JSON.parse(String(text)));
  } catch (error) {
    const message = `"${file}": expected the last.pth of a run but it does not say how far the run had come.`;
    throw new UserError(message, "Resume from a run that ocelli made.", { cause: error });
  }
}
