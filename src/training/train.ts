/** A whole training run: data, network, loop, run folder. Prints nothing; `onEvent` hears of everything. */
import { writeFileAtomic } from "../atomic-file.ts";
import { type DownloadProgress, type IdxData, loadData, openWorkerPool } from "../data/index.ts";
import { findModel, type NetworkOptions } from "../models/index.ts";
import { adam, adamw, type Optimizer, sgd } from "../optim/optimizer.ts";
import { checkBatches } from "./batch-check.ts";
import { readBest } from "./checkpoint.ts";
import { configValues, type ResolvedConfig } from "./config.ts";
import { settleWeights } from "./default-weights.ts";
import type { TrainingListener } from "./events.ts";
import { kernelChoicesFile, type Trainer, type TrainerOptions } from "./network-trainer.ts";
import { lossOf, lossWeightOf } from "./objective.ts";
import { lockRun } from "./ownership/lock.ts";
import { inputShapeOf, type ModelInput } from "./preprocessing.ts";
import { expectUnchanged, type ResumePlan } from "./resuming/plan.ts";
import { configText, FIRST_STAGE } from "./resuming/run-stage.ts";
import { dataOptions, inputOf, isPhotos, workersOf } from "./run-data.ts";
import {
  createRunFolder,
  type NewRunFolder,
  openRunFolder,
  type RunFolder,
  rewindRunFolder,
  writeDataFiles,
} from "./run-folder.ts";
import type { RunParts, StageStart } from "./run-parts.ts";
import type { TrainConfig } from "./settings.ts";
import { freezeIn, partOf } from "./stages.ts";
import { startingNetwork } from "./starting-weights.ts";
import type { TrainSummary } from "./summary.ts";
import { openTrainer } from "./trainer.ts";
import { TrainingRun } from "./training-run.ts";

/** How a run is made. */
export interface TrainOptions extends ResumeOptions {
  /** The run's folder: new or empty. */
  readonly run: string;
  /** Data that is loaded already. */
  readonly data?: IdxData;
}

/** How a run goes on. */
export interface ResumeOptions {
  readonly onEvent?: TrainingListener;
  /** Finishes the step under way, saves, and returns without a summary. */
  readonly signal?: AbortSignal;
  /** That a run is taken which a process of another machine holds, of which nothing is known here. */
  readonly force?: boolean;
  /** Called at the end of a run, also of one that was stopped; the engine is open until it returns. */
  readonly afterwards?: (trainer: Trainer, end: { readonly isStopped: boolean }) => Promise<void>;
}

/** The optimizer of a run. */
export function optimizerOf({ optimizer, learningRate, momentum, weightDecay }: TrainConfig): Optimizer {
  if (optimizer === "sgd") return sgd({ learningRate, momentum, weightDecay });
  return optimizer === "adam" ? adam({ learningRate, weightDecay }) : adamw({ learningRate, weightDecay });
}

/**
 * Trains from the beginning. The summary is undefined if `signal` stopped the run; it can then be resumed. A run that
 * cannot start leaves no folder behind.
 */
export async function train(config: ResolvedConfig, options: TrainOptions): Promise<TrainSummary | undefined> {
  let folder: NewRunFolder | undefined;
  const use: RunUse = async (run) => {
    folder = await createRunFolder(options.run, run.facts.config, { data: run.data, force: options.force });
    const training = new TrainingRun(run, folder, { ...options, stage: FIRST_STAGE });
    try {
      await training.begin();
    } catch (error) {
      await folder.withdraw();
      throw error;
    }
    return training.train();
  };
  return withRun(config, options, use).finally(() => folder?.release());
}

/**
 * Goes on with a run as planned: exactly where its `last.pth` left it, or with a new stage. A run that another process writes to,
 * or has written to since the plan was made, is a `UserError`.
 */
export async function resume(plan: ResumePlan, options: ResumeOptions = {}): Promise<TrainSummary | undefined> {
  const lock = await lockRun(plan.run, options);
  try {
    await expectUnchanged(plan);
    return await goOn(plan, options);
  } finally {
    await lock.release();
  }
}

async function goOn(plan: ResumePlan, options: ResumeOptions): Promise<TrainSummary | undefined> {
  const { config, data, last, stage, isNew, run: path } = plan;
  const folder = openRunFolder(path);
  const known = { weights: "none", networkOptions: last.options, firstEpoch: stage.epoch, notes: plan.notes };
  // the weights are those of the run, whatever it began with
  return withRun(config, { ...options, run: path, data, ...known }, async (run) => {
    // the settings come before the checkpoint: where only they are there, the next command begins this stage again
    const training = new TrainingRun(run, folder, { ...options, stage });
    const record = { ...stage, dataSha256: data.dataHash, settings: configValues(config) };
    await writeFileAtomic(
      folder.file("config"),
      configText(config, stage.number === 1 ? [] : [...plan.before, record]),
    );
    await rewindRunFolder(path, last.progress.step);
    if (!isNew) return training.resume(last);
    await writeDataFiles(folder, data);
    return training.beginStage(await stageStart(plan, folder));
  });
}

/** The weights that a new stage begins with, and the best evaluation so far as it holds for the stage's data. */
async function stageStart({ stage, last, hasNewData }: ResumePlan, folder: RunFolder): Promise<StageStart> {
  const { best: told, seconds } = last.progress;
  const file = folder.file(stage.from === "best" ? "best" : "last");
  if (stage.from !== "best") return { weights: last.weights, file, seconds, best: hasNewData ? null : told };
  const { weights, epoch, accuracy, loss } = await readBest(file);
  const found = {
    epoch: epoch ?? told?.epoch ?? 0,
    accuracy: accuracy ?? told?.accuracy ?? 0,
    loss: loss ?? told?.loss ?? 0,
  };
  return { weights, file, seconds, best: hasNewData ? null : found };
}

/** What a run is opened with besides its settings. */
interface OpenOptions extends TrainOptions {
  /** Those of the settings by default. */
  readonly weights?: string;
  readonly networkOptions?: NetworkOptions;
  /** The first epoch to be trained, from 0; what is frozen in it is frozen from the beginning. */
  readonly firstEpoch?: number;
  readonly notes?: readonly string[];
}

type RunUse = (run: RunParts) => Promise<TrainSummary | undefined>;

/** Opens all that a run needs, uses it, and closes it. */
async function withRun(resolved: ResolvedConfig, options: OpenOptions, use: RunUse): Promise<TrainSummary | undefined> {
  const { signal, onEvent } = options;
  const config = configValues(resolved);
  const tellOf = (file: string, { received, total }: DownloadProgress): void =>
    onEvent?.({ type: "wait", what: `Downloading ${file}`, done: received, total });
  const onProgress = (progress: DownloadProgress & { file: string }): void => tellOf(progress.file, progress);
  const data = options.data ?? (await loadData(config.data, { ...dataOptions(config), signal, onProgress }));
  const model = findModel(config.model);
  const input = inputOf(data, model, config);
  const workers = workersOf(config, data);
  const pool = workers === 0 ? undefined : openWorkerPool(workers);
  try {
    // threads start while the weights are read or drawn
    if (data.train.remote) pool?.prepare(data.train.remote);
    return await withTrainer({ resolved, model, data, input, pool, tellOf }, options, use);
  } finally {
    await pool?.close();
  }
}

/** What is known before a network is there. */
interface RunInput extends Pick<RunParts, "model" | "data" | "pool"> {
  readonly resolved: ResolvedConfig;
  readonly input: ModelInput;
  readonly tellOf: (file: string, progress: DownloadProgress) => void;
}

async function withTrainer(
  { resolved, model, data, input, pool, tellOf }: RunInput,
  options: OpenOptions,
  use: RunUse,
): Promise<TrainSummary | undefined> {
  const { classes } = data.train;
  const { networkOptions, signal } = options;
  const onProgress = (progress: DownloadProgress): void => tellOf(`the weights of ${model.name}`, progress);
  const settled =
    options.weights === undefined
      ? await settleWeights(resolved, { arePhotos: isPhotos(data), signal, onProgress })
      : { config: resolved };
  const config = configValues(settled.config);
  const { weights = config.weights } = options;
  const start = await startingNetwork(model, {
    ...{ classes: classes.length, weights, signal, options: networkOptions, onProgress },
    ...{ emaWeights: weights !== "none" && config.emaWeights, transformInput: config.transformInput },
  });
  checkBatches(start.network, { config, inputShape: inputShapeOf(input), images: data.train.length });
  const trainer = await openTrainer(start.network, {
    ...trainerOptions(config, data, options.firstEpoch),
    inputShape: inputShapeOf(input),
    ...(start.weights && { weights: { state: start.weights, from: weights, partial: true, transfer: true } }),
  });
  try {
    const facts = { config: settled.config, classes, input, options: start.options };
    const told = [...(options.notes ?? []), ...(data.notes ?? []), settled.told, ...start.notes];
    const notes = [...told, trainer.engine.note].filter((note) => note !== undefined);
    const summary = await use({ config, facts, data, model, network: start.network, trainer, pool, notes });
    await pool?.close(); // the threads' memory is free for what comes afterwards
    await options.afterwards?.(trainer, { isStopped: summary === undefined });
    return summary;
  } finally {
    await trainer.close();
  }
}

function trainerOptions(config: TrainConfig, { train }: IdxData, epoch = 0): Omit<TrainerOptions, "inputShape"> {
  const { batchSize, engine, threads, precision, seed, clipNorm, averageDecay, tune } = config;
  return {
    ...{ batchSize, engine, threads, precision, seed },
    optimizer: optimizerOf(config),
    loss: lossOf(config, train),
    lossWeight: lossWeightOf(config, train),
    ...(tune && { kernelChoices: kernelChoicesFile() }),
    ...(clipNorm !== 0 && { clipNorm }),
    ...(averageDecay !== 0 && { averageDecay }),
    ...partOf(findModel(config.model), config, freezeIn(config, epoch)),
  };
}
