/** A run's `best.pth` and `last.pth`: what they hold, and how training goes on from them. */
import { z } from "zod";
import {
  decodeOptimizerState,
  encodeOptimizerState,
  type ParameterGroup,
  type PthInput,
  type PthValue,
  pyFloat,
  readPth,
  type StateDict,
  type StateTensor,
  stateDictOf,
  writePth,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { NetworkOptions } from "../models/index.ts";
import type { ScheduleState } from "../optim/schedule.ts";
import { configValues, type ResolvedConfig } from "./config.ts";
import type { Trainer } from "./network-trainer.ts";
import { type ModelInput, preprocessingEntry } from "./preprocessing.ts";
import { FIRST_STAGE, type RunStage, stageSchema } from "./resuming/run-stage.ts";
import type { TrainConfig } from "./settings.ts";
import type { Stage } from "./stages.ts";

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
  /** The stage that the run is in. */
  readonly stage: RunStage;
  /** What was frozen from which step of that stage on. */
  readonly stages: readonly Stage[];
  /** Epochs since the best one. */
  readonly epochsSinceBest: number;
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
  stage: stageSchema.default(FIRST_STAGE),
  stages: z
    .array(z.object({ freeze: z.string(), step: z.number() }))
    .min(1)
    .default([{ freeze: "none", step: 0 }]),
  epochsSinceBest: z.number().default(0),
  dataHash: z.string(),
});

/** What does not change during a run. */
export interface RunFacts {
  readonly config: ResolvedConfig;
  readonly classes: readonly string[];
  /** How pictures become the network's input. */
  readonly input: ModelInput;
  /** What the network was built with besides the classes. */
  readonly options: NetworkOptions;
}

/** What a network needs to know to be used: also without the run. */
const modelEntries = ({ config, classes, input, options }: RunFacts): Record<string, PthInput> => ({
  classes,
  model: config.model.value,
  model_options: { transform_input: options.transformInput ?? false },
  preprocessing: preprocessingEntry(input),
  config: { ...configValues(config) },
});

/** Writes `best.pth`: the weights, without what only training needs. */
export async function writeBest(
  path: string,
  weights: StateDict,
  facts: RunFacts & { best: Best; dataHash: string },
): Promise<void> {
  const { best, dataHash } = facts;
  const measured = { best_acc: pyFloat(best.accuracy), best_loss: pyFloat(best.loss), epoch: best.epoch };
  await writePth(path, { state_dict: weights, ...measured, data_sha256: dataHash, ...modelEntries(facts) });
}

/** What `best.pth` says of a run. */
export interface BestCheckpoint {
  readonly weights: StateDict;
  /** What is not said, as by versions before, is undefined. */
  readonly epoch: number | undefined;
  readonly accuracy: number | undefined;
  readonly loss: number | undefined;
  readonly dataHash: string | undefined;
  /** The settings of the stage that the weights are from. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Reads `best.pth`. */
export async function readBest(path: string): Promise<BestCheckpoint> {
  const value = await readPth(path);
  const entries = value instanceof Map ? value : new Map<unknown, unknown>();
  const numberAt = (name: string): number | undefined => {
    const found = entries.get(name);
    return typeof found === "number" ? found : undefined;
  };
  const dataHash = entries.get("data_sha256");
  return {
    weights: stateDictOf(value, path),
    ...{ epoch: numberAt("epoch"), accuracy: numberAt("best_acc"), loss: numberAt("best_loss") },
    dataHash: typeof dataHash === "string" ? dataHash : undefined,
    config: settingsIn(entries.get("config")),
  };
}

const settingsIn = (entry: unknown): Record<string, unknown> =>
  entry instanceof Map ? Object.fromEntries(entry as Map<string, unknown>) : {};

/** Writes `last.pth`: all that resume needs. */
export async function writeLast(
  path: string,
  trainer: Trainer,
  facts: RunFacts & { progress: Progress },
): Promise<void> {
  const { progress } = facts;
  const averages = await trainer.averages();
  await writePth(path, {
    state_dict: await trainer.weights(),
    optimizer: await optimizerState(trainer),
    best_acc: pyFloat(progress.best?.accuracy ?? 0),
    epoch: progress.epoch,
    progress: JSON.stringify(progress),
    ...(0 < averages.size && { averages }),
    ...modelEntries(facts),
  });
}

/** What a trainer's optimizer keeps, as PyTorch's `optimizer.state_dict()` has it; an entry for `writePth`. */
export async function optimizerState(trainer: Trainer): Promise<PthInput> {
  const { name, learningRate, settings } = trainer.optimizer;
  return encodeOptimizerState({
    ...{ name, learningRate, settings, step: trainer.step, parameters: trainer.parameters },
    groups: groupsOf(trainer),
    slots: await trainer.optimizerSlots(),
  });
}

/**
 * Gives a trainer's optimizer what another kept, read by `readPth` or `readWeights`: everything that the trainer trains now
 * must be in it, else it is a `UserError` that names `file`. The trainer's count of steps stays.
 */
export async function restoreOptimizer(trainer: Trainer, state: PthValue | undefined, file: string): Promise<void> {
  const { parameters, slotShapes: expected, step } = trainer;
  await trainer.restore(decodeOptimizerState(state ?? null, { file, parameters, expected }), { step });
}

/** The optimizer's groups: all parameters where they are alike, or else those that are trained. */
function groupsOf(trainer: Trainer): ParameterGroup[] | undefined {
  const { groups, optimizer } = trainer;
  const [first] = groups;
  if (groups.length === 1 && first?.learningRateScale === 1 && first.since === 0) return undefined;
  return groups.map(({ parameters, learningRateScale, since }) => ({
    parameters,
    learningRate: optimizer.learningRate * learningRateScale,
    since,
  }));
}

/** What `last.pth` holds. */
export interface LastCheckpoint {
  readonly progress: Progress;
  readonly weights: StateDict;
  /** The settings with which it was written. */
  readonly config: Readonly<Partial<TrainConfig>>;
  readonly classes: readonly string[];
  /** What the network was built with besides the classes. */
  readonly options: NetworkOptions;
  /** Moving averages of the weights, if there are any. */
  readonly averages: StateDict;
  /**
   * What the optimizer of a trainer keeps, which must train what was trained when this was written. `since` tells the steps
   * before a parameter was first trained.
   */
  slotsFor(trainer: Trainer, since: (parameter: string) => number): ReadonlyMap<string, StateTensor>;
}

/** Reads `last.pth`; what is no checkpoint of a run is a `UserError`. */
export async function readLast(path: string): Promise<LastCheckpoint> {
  const value = await readPth(path);
  const weights = stateDictOf(value, path);
  const entries = value instanceof Map ? value : new Map<unknown, unknown>();
  const progress = parseProgress(entries.get("progress"), path);
  const averages = entries.get("averages");
  const classes = entries.get("classes");
  return {
    progress,
    weights,
    config: settingsIn(entries.get("config")) as Partial<TrainConfig>,
    classes: Array.isArray(classes) ? classes.map(String) : [],
    options: networkOptionsOf(entries.get("model_options")),
    averages: averages instanceof Map ? (averages as StateDict) : new Map(),
    slotsFor(trainer, since) {
      const parameterOf = (slot: string): string => slot.slice(0, slot.lastIndexOf("."));
      const begun = [...trainer.slotShapes].filter(([slot]) => since(parameterOf(slot)) < progress.step);
      const expected = new Map(begun);
      const { parameters } = trainer;
      return decodeOptimizerState(entries.get("optimizer") as PthValue, { file: path, parameters, expected });
    },
  };
}

/** The network's options that a checkpoint says. */
export const networkOptionsOf = (entry: unknown): NetworkOptions =>
  entry instanceof Map && entry.get("transform_input") === true ? { transformInput: true } : {};

function parseProgress(text: unknown, file: string): Progress {
  try {
    return progressSchema.parse(parseJson(String(text)));
  } catch (error) {
    const message = `"${file}": expected the last.pth of a run but it does not say how far the run had come.`;
    throw new UserError(message, "Resume from a run that ocelli made.", { cause: error });
  }
}
