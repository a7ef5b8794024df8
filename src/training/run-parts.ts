import type { StateDict } from "../checkpoint/index.ts";
import type { IdxData, WorkerPool } from "../data/index.ts";
import type { ModelRecord } from "../models/index.ts";
import { type Module, parameterCount } from "../nn/index.ts";
import type { Best, RunFacts } from "./checkpoint.ts";
import type { StartEvent, StepEvent, TrainingEvent, TrainingListener } from "./events.ts";
import type { Trainer } from "./network-trainer.ts";
import type { RunStage } from "./resuming/run-stage.ts";
import type { StageClock } from "./resuming/stage-clock.ts";
import { stageText } from "./resuming/stage-text.ts";
import type { TrainConfig } from "./settings.ts";

/** What a run works with. */
export interface RunParts {
  readonly config: TrainConfig;
  readonly facts: RunFacts;
  readonly data: IdxData;
  readonly model: ModelRecord;
  readonly network: Module;
  readonly trainer: Trainer;
  readonly pool: WorkerPool | undefined;
  /** What a person should know of data and weights. */
  readonly notes: readonly string[];
}

/** With what a later stage of a run begins. */
export interface StageStart {
  readonly weights: StateDict;
  /** The file that they are from. */
  readonly file: string;
  /** The best evaluation so far; null where it was of other data. */
  readonly best: Best | null;
  /** Of the run before. */
  readonly seconds: number;
}

/** Who hears of a run, who may stop it, and in which stage it is. */
export interface RunControl {
  readonly onEvent?: TrainingListener;
  readonly signal?: AbortSignal;
  readonly stage: RunStage;
}

/** Where a run begins or goes on. */
interface StartPlace {
  /** Its folder. */
  readonly run: string;
  readonly clock: StageClock;
  readonly stage: RunStage;
  /** From 0. */
  readonly epoch: number;
  readonly best: Best | null;
}

/** What is told when a run begins or goes on. */
export function startEvents(parts: RunParts, { run, clock, stage, epoch, best }: StartPlace): TrainingEvent[] {
  const { config, data, network, trainer, notes } = parts;
  const { step } = trainer;
  const start: StartEvent = {
    type: "start",
    ...{ run, step, source: data.source, trainImages: data.train.length, valImages: data.test.length },
    ...{ model: config.model, parameters: parameterCount(network), engine: trainer.engine.name },
    ...{ epochs: config.epochs, stepsPerEpoch: clock.stepsPerEpoch },
  };
  const learningRate = clock.learningRate(step, epoch);
  const going = step === 0 ? [] : [stageText({ config, stage, epoch, step, learningRate, best })];
  return [start, ...[...notes, ...going].map((text) => ({ type: "note", text }) as const)];
}

/** A step that is done; its epoch counts from 0. */
export type TakenStep = Pick<StepEvent, "epoch" | "step" | "loss" | "learningRate" | "imagesPerSecond">;

/** What is told of a step; the rest of the run has so many steps, each epoch so many images. */
export const stepEvent = (
  { epoch, step, imagesPerSecond, ...taken }: TakenStep,
  {
    clock: { stepsPerEpoch, stepsBefore },
    ...place
  }: { clock: StageClock; train: StepEvent["train"]; stepsLeft: number; images: number },
): StepEvent => ({
  type: "step",
  ...{ ...taken, step, imagesPerSecond, stepsPerEpoch, train: place.train },
  epoch: epoch + 1,
  batch: step - stepsBefore(epoch),
  secondsLeft: (place.stepsLeft * place.images) / stepsPerEpoch / imagesPerSecond,
});
