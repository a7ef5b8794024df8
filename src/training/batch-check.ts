/** Whether the batches of a run are large enough for its network. */
import { batchCount } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { findModel } from "../models/index.ts";
import { type Module, tensorsOf } from "../nn/index.ts";
import { sgd } from "../optim/optimizer.ts";
import type { TrainConfig } from "./settings.ts";
import { freezeIn, partOf } from "./stages.ts";
import { trainingProgram } from "./step-program.ts";

/** What a batch is made of. */
interface BatchFacts {
  readonly config: TrainConfig;
  /** Channels, height, width of one image. */
  readonly inputShape: readonly number[];
  /** Images of an epoch. */
  readonly images: number;
}

/** What the op of batch normalisation says of a channel with a single value, of which there is no variance. */
const SINGLE = /more than one value per channel/;

/**
 * Throws a `UserError` where batch normalisation would be asked for the variance of a single value, as PyTorch's does: batches
 * of one image in a network that makes a channel as small as one pixel.
 */
export function checkBatches(network: Module, { config, inputShape, images }: BatchFacts): void {
  const { batchSize } = config;
  // a last batch of one is joined to the one before it
  const isSingle = batchSize === 1 || images === 1;
  const normalises = tensorsOf(network).some(({ name }) => /(^|\.)running_var$/.test(name));
  if (!isSingle || !normalises || batchCount(images, { batchSize }) === 0) return;
  const model = findModel(config.model);
  for (const freeze of new Set([freezeIn(config, 0), freezeIn(config, config.epochs - 1)])) {
    const options = { batchSize: 1, inputShape, optimizer: sgd(), ...partOf(model, config, freeze) };
    try {
      trainingProgram(network, options);
    } catch (error) {
      if (!(error instanceof Error && SINGLE.test(error.message))) throw error;
      throw new UserError(
        `batchSize: expected more than one value per channel in training, for batch normalisation, but a batch is one image of ${inputShape.slice(1).join("×")} pixels.`,
        images === 1 ? "Add training images." : "Give --batch-size 2 or more, or --bn frozen.",
        { cause: error },
      );
    }
  }
}
