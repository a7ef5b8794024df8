import { createHash } from "node:crypto";
import { stateHash } from "../checkpoint/index.ts";
import type { ChangedPhotos } from "../data/index.ts";
import type { LossAndAccuracy } from "../metrics/index.ts";
import type { Best, RunFacts } from "./checkpoint.ts";
import { configValues } from "./config.ts";
import type { Trainer } from "./network-trainer.ts";

/** What a run came to: the content of `summary.json`, and what `ocelli train --json` prints. */
export interface TrainSummary {
  readonly run: string;
  /** Twelve digits that name these settings on this data with this result. */
  readonly id: string;
  readonly model: string;
  readonly engine: string;
  readonly precision: string;
  /** Epochs and steps done in the whole run. */
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  /** Training images per second, evaluations apart. */
  readonly imagesPerSecond: number;
  /** Share of that time in which the engine waited for data, 0..1. */
  readonly dataWaitShare: number;
  readonly peakRssMiB: number;
  /** On the validation set. */
  readonly best: Best | null;
  /** On the validation set, after the last step. */
  readonly last: LossAndAccuracy | null;
  /** Over the last epoch. */
  readonly train: LossAndAccuracy | null;
  /** SHA-256 of the last weights; see `stateHash`. */
  readonly weightsSha256: string;
  /** SHA-256 of the data as they were when the run, or the part of it since it was last resumed, began. */
  readonly dataSha256: string;
  /** Photos that were replaced or removed since then, if any. */
  readonly photosChanged?: ChangedPhotos;
  readonly classes: readonly string[];
}

/** What was measured during this part of the run. */
export interface Measurements {
  readonly seconds: number;
  readonly trainSeconds: number;
  readonly waitSeconds: number;
  readonly images: number;
}

/** Where the run ended. */
export interface RunEnd {
  readonly run: string;
  readonly dataHash: string;
  readonly photosChanged?: ChangedPhotos;
  readonly epochs: number;
  readonly best: Best | null;
  /** The last epoch's figures. */
  readonly last: { readonly train: LossAndAccuracy; readonly val: LossAndAccuracy } | undefined;
  readonly measured: Measurements;
}

/** Peak memory of this process and its threads, in MiB. */
export const peakRssMiB = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

/** Puts the summary together. */
export async function summarise(trainer: Trainer, facts: RunFacts, end: RunEnd): Promise<TrainSummary> {
  const { run, dataHash, photosChanged, epochs, best, last, measured } = end;
  const weightsSha256 = stateHash(await trainer.weights());
  const config = configValues(facts.config);
  const id = createHash("sha256").update(JSON.stringify(config)).update(dataHash).update(weightsSha256).digest("hex");
  return {
    run,
    id: id.slice(0, 12),
    model: config.model,
    engine: trainer.engine.name,
    precision: config.precision,
    epochs,
    steps: trainer.step,
    seconds: rounded(measured.seconds),
    imagesPerSecond: rounded(measured.images / Math.max(1e-9, measured.trainSeconds)),
    dataWaitShare: rounded(measured.waitSeconds / Math.max(1e-9, measured.trainSeconds)),
    peakRssMiB: peakRssMiB(),
    best,
    last: last?.val ?? null,
    train: last?.train ?? null,
    weightsSha256,
    dataSha256: dataHash,
    ...(photosChanged && { photosChanged }),
    classes: facts.classes,
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
