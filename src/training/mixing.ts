/** MixUp and CutMix of training batches. */
import type { Batch } from "../data/index.ts";
import { cutWith, mixWith, sampleCut, sampleShare } from "../image/index.ts";
import { rngFor } from "../rng.ts";
import type { TrainingBatch } from "./network-trainer.ts";
import type { TrainConfig } from "./settings.ts";

/** Where a batch stands in a run, and what its images are. */
export interface BatchPlace {
  /** From 0. */
  readonly epoch: number;
  readonly batch: number;
  /** Channels, height, width. */
  readonly shape: readonly number[];
  readonly classes: number;
}

/** Mixes batches as the settings say, each image with the one before it; with both MixUp and CutMix one of them by chance. */
export function mixerOf({ mixup, cutmix, seed }: TrainConfig): (batch: Batch, place: BatchPlace) => TrainingBatch {
  if (mixup === 0 && cutmix === 0) return (batch) => batch;
  return ({ images, labels }, { epoch, batch, shape: [, height = 1, width = 1], classes }) => {
    const rng = rngFor(seed, "mix", epoch, batch);
    const cuts = mixup === 0 || (cutmix !== 0 && rng.uniform() < 0.5);
    const whole = { images, labels, height, width };
    const mixed = cuts
      ? cutWith(whole, sampleCut(whole, cutmix, rng), classes)
      : mixWith(whole, sampleShare(mixup, rng), classes);
    const otherLabels = labels.map((_, row) => labels[(row + labels.length - 1) % labels.length] ?? 0);
    return { images: mixed.images, labels, otherLabels, share: mixed.share };
  };
}
