/** A whole training run: data, network, loop, run folder. Prints nothing; `onEvent` hears of everything. */
import { stat } from "node:fs/promises";
import { writeFileAtomic } from "../checkpoint/index.ts";
import { type IdxData, loadData, openWorkerPool } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { formatShape, sameShape } from "../graph/value.ts";
import { findModel, type ModelRecord } from "../models/index.ts";
import { adam, adamw, type Optimizer, sgd } from "../optim/optimizer.ts";
import { type Progress, readLast } from "./checkpoint.ts";
import { configValues, type ResolvedConfig, type TrainConfig } from "./config.ts";
import type { TrainingListener } from "./events.ts";
import { createRunFolder, openRunFolder, rewindRunFolder } from "./run-folder.ts";
import type { TrainSummary } from "./summary.ts";
import { openTrainer } from "./trainer.ts";
import { type RunParts, TrainingRun } from "./training-run.ts";

/** How a run is made. */
export interface TrainOptions {
  /** The run's folder: new or empty, or that of a run to resume. */
  readonly run: string;
  readonly onEvent?: TrainingListener;
  /** Finishes the step under way, saves, and returns without a summary. */
  readonly signal?: AbortSignal;
  /** Data that is loaded already. */
  readonly data?: IdxData;
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
    const folder = await createRunFolder(options.run, config);
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
 * Goes on with a run exactly where its `last.pth` left it; `config` may ask for more epochs or steps. A `UserError` if
 * there is nothing left to do, or the data are not those that the run began with.
 */
export async function resume(config: ResolvedConfig, options: TrainOptions): Promise<TrainSummary | undefined> {
  return withRun(config, options, async (run) => {
    const folder = openRunFolder(options.run);
    await stat(folder.file("last")).catch((error: unknown) => {
      const message = `"${options.run}": expected the folder of a run that has begun but it has no last.pth.`;
      throw new UserError(message, "Delete the folder and train again.", { cause: error });
    });
    const last = await readLast(folder.file("last"), run.trainer);
    checkResumable(options.run, last.progress, run);
    await writeFileAtomic(folder.file("config"), `${JSON.stringify(config, null, 2)}\n`);
    await rewindRunFolder(folder.path, last.progress.step);
    return new TrainingRun(run, folder, options).resume(last);
  });
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

async function withRun<Result>(
  resolved: ResolvedConfig,
  { signal, onEvent, ...options }: TrainOptions,
  use: (run: RunParts) => Promise<Result>,
): Promise<Result> {
  const config = configValues(resolved);
  const model = findModel(config.model);
  const onProgress = ({ file, received, total }: { file: string; received: number; total?: number }): void =>
    onEvent?.({ type: "wait", what: `Downloading ${file}`, done: received, total });
  const data = options.data ?? (await loadData(config.data, { rawPixels: config.rawPixels, signal, onProgress }));
  checkData(data, model);
  const { classes, shape } = data.train;
  const network = model.build({ classes: classes.length });
  const { batchSize, engine, threads, seed } = config;
  const optimizer = optimizerOf(config);
  const trainer = await openTrainer(network, { inputShape: shape, batchSize, optimizer, engine, threads, seed });
  const pool = config.workers === 0 ? undefined : openWorkerPool(config.workers);
  try {
    return await use({ config, facts: { config: resolved, classes, inputShape: shape }, data, network, trainer, pool });
  } finally {
    await pool?.close();
    await trainer.close();
  }
}

function checkData({ train: { shape }, source }: IdxData, { name, inputShape }: ModelRecord): void {
  if (sameShape(shape, inputShape)) return;
  throw new UserError(
    `${source}: expected images of shape ${formatShape(inputShape)}, which ${name} takes, but they are ${formatShape(shape)}.`,
    "Use a data set with images of that size, or another model.",
  );
}
