/** A whole training run: data, network, loop, run folder. Prints nothing; `onEvent` hears of everything. */
import { stat } from "node:fs/promises";
import { writeFileAtomic } from "../atomic-file.ts";
import { type DownloadProgress, type IdxData, loadData, type Marks, openWorkerPool } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { findModel, type NetworkOptions } from "../models/index.ts";
import { adam, adamw, type Optimizer, sgd } from "../optim/optimizer.ts";
import { type Progress, readLast } from "./checkpoint.ts";
import { configValues, type ResolvedConfig } from "./config.ts";
import { settleWeights } from "./default-weights.ts";
import type { TrainingListener } from "./events.ts";
import { kernelChoicesFile, type Trainer, type TrainerOptions } from "./network-trainer.ts";
import { lossOf } from "./objective.ts";
import { inputShapeOf, type ModelInput } from "./preprocessing.ts";
import { dataOptions, inputOf, isPhotos, workersOf } from "./run-data.ts";
import { createRunFolder, openRunFolder, readRunMarks, rewindRunFolder } from "./run-folder.ts";
import type { RunParts } from "./run-parts.ts";
import type { TrainConfig } from "./settings.ts";
import { freezeIn, partOf } from "./stages.ts";
import { startingNetwork } from "./starting-weights.ts";
import type { TrainSummary } from "./summary.ts";
import { openTrainer } from "./trainer.ts";
import { TrainingRun } from "./training-run.ts";

/** How a run is made. */
export interface TrainOptions {
  /** The run's folder: new or empty, or that of a run to resume. */
  readonly run: string;
  readonly onEvent?: TrainingListener;
  /** Finishes the step under way, saves, and returns without a summary. */
  readonly signal?: AbortSignal;
  /** Data that is loaded already. */
  readonly data?: IdxData;
  /** Called at the end of a run that was not stopped; the engine is open until it returns. */
  readonly afterwards?: (trainer: Trainer) => Promise<void>;
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
  return withRun(config, options, async (run) => {
    const folder = await createRunFolder(options.run, run.facts.config, run.data);
    const training = new TrainingRun(run, folder, options);
    try {
      await training.begin();
    } catch (error) {
      await folder.withdraw();
      throw error;
    }
    return training.train();
  });
}

/**
 * Goes on with a run exactly where its `last.pth` left it; `config` may ask for more epochs or steps, or for other layers to
 * be trained. A `UserError` if there is nothing left to do, or the data are not those that the run began with.
 */
export async function resume(config: ResolvedConfig, options: TrainOptions): Promise<TrainSummary | undefined> {
  const folder = openRunFolder(options.run);
  await stat(folder.file("last")).catch((error: unknown) => {
    const message = `"${options.run}": expected the folder of a run that has begun but it has no last.pth.`;
    throw new UserError(message, "Delete the folder and train again.", { cause: error });
  });
  const last = await readLast(folder.file("last"));
  // the weights are those of last.pth, whatever the run began with
  return withRun(
    config,
    { ...options, weights: "none", networkOptions: last.options, marks: await readRunMarks(options.run) },
    async (run) => {
      checkResumable(options.run, last.progress, run);
      await writeFileAtomic(folder.file("config"), `${JSON.stringify(config, null, 2)}\n`);
      await rewindRunFolder(folder.path, last.progress.step);
      return new TrainingRun(run, folder, options).resume(last);
    },
  );
}

function checkResumable(path: string, { epoch, step, dataHash }: Progress, { config, data }: RunParts): void {
  const { epochs, maxSteps } = config;
  if (epochs <= epoch) {
    throw new UserError(
      `"${path}": expected epochs to be left but ${epoch} are done and ${epochs} are asked for.`,
      `Give more with --epochs ${epoch + 1} or higher.`,
    );
  }
  if (maxSteps !== 0 && maxSteps <= step) {
    throw new UserError(
      `"${path}": expected steps to be left but ${step} of at most ${maxSteps} are done.`,
      `Give more with --max-steps ${step + 1} or higher, or 0 for no limit.`,
    );
  }
  if (dataHash === data.dataHash) return;
  throw new UserError(
    `"${path}": expected the data that the run began with, SHA-256 ${dataHash}, but they have ${data.dataHash}.`,
    "Bring the old data back, or train a new run on the new data.",
  );
}

/** What a run is opened with besides its settings. */
interface OpenOptions extends TrainOptions {
  /** Those of the settings by default. */
  readonly weights?: string;
  readonly networkOptions?: NetworkOptions;
  /** Those that a run began with that goes on. */
  readonly marks?: Marks;
}

type RunUse = (run: RunParts) => Promise<TrainSummary | undefined>;

/** Opens all that a run needs, uses it, and closes it. */
async function withRun(resolved: ResolvedConfig, options: OpenOptions, use: RunUse): Promise<TrainSummary | undefined> {
  const { signal, onEvent } = options;
  const config = configValues(resolved);
  const tellOf = (file: string, { received, total }: DownloadProgress): void =>
    onEvent?.({ type: "wait", what: `Downloading ${file}`, done: received, total });
  const onProgress = (progress: DownloadProgress & { file: string }): void => tellOf(progress.file, progress);
  const data =
    options.data ?? (await loadData(config.data, { ...dataOptions(config, options.marks), signal, onProgress }));
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
  const trainer = await openTrainer(start.network, {
    ...trainerOptions(config, data),
    inputShape: inputShapeOf(input),
    ...(start.weights && { weights: { state: start.weights, from: weights, partial: true, transfer: true } }),
  });
  try {
    const facts = { config: settled.config, classes, input, options: start.options };
    const notes = [...(data.notes ?? []), settled.told, ...start.notes, trainer.engine.note].filter(
      (note) => note !== undefined,
    );
    const summary = await use({ config, facts, data, model, network: start.network, trainer, pool, notes });
    await pool?.close(); // the threads' memory is free for what comes afterwards
    if (summary) await options.afterwards?.(trainer);
    return summary;
  } finally {
    await trainer.close();
  }
}

function trainerOptions(config: TrainConfig, { train }: IdxData): Omit<TrainerOptions, "inputShape"> {
  const { batchSize, engine, threads, precision, seed, clipNorm, averageDecay, tune } = config;
  return {
    ...{ batchSize, engine, threads, precision, seed },
    optimizer: optimizerOf(config),
    loss: lossOf(config, train),
    ...(tune && { kernelChoices: kernelChoicesFile() }),
    ...(clipNorm !== 0 && { clipNorm }),
    ...(averageDecay !== 0 && { averageDecay }),
    ...partOf(findModel(config.model), config, freezeIn(config, 0)),
  };
}
