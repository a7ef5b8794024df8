/** Epochs, steps and rates within a stage of a run. */
import { createSchedule, parseSchedule, type Schedule } from "../../optim/schedule.ts";
import type { TrainConfig } from "../settings.ts";
import { rateFactorIn } from "../stages.ts";
import type { RunStage } from "./run-stage.ts";

/** What the numbers of a run's epochs (from 0) and steps mean within a stage. */
export interface StageClock {
  readonly stepsPerEpoch: number;
  readonly schedule: Schedule;
  /** Steps of the run before an epoch of this stage begins. */
  stepsBefore(epoch: number): number;
  /** Whole epochs of the run after so many steps. */
  epochsDone(step: number): number;
  /** Steps that the run may still do after so many. */
  stepsLeft(step: number): number;
  /** The rate of the step that comes after `step` steps of the run. */
  learningRate(step: number, epoch: number): number;
}

/** The clock of a stage whose epochs have so many batches. Its schedule spans from its first epoch to the run's last. */
export function stageClock(config: TrainConfig, stage: RunStage, batchesPerEpoch: number): StageClock {
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / config.accumulate);
  const epochs = config.epochs - stage.epoch;
  const { learningRate } = config;
  const schedule = createSchedule(parseSchedule(config.schedule), { learningRate, epochs, stepsPerEpoch });
  const end = stage.step + epochs * stepsPerEpoch;
  return {
    stepsPerEpoch,
    schedule,
    stepsBefore: (epoch) => stage.step + (epoch - stage.epoch) * stepsPerEpoch,
    epochsDone: (step) => stage.epoch + Math.floor((step - stage.step) / stepsPerEpoch),
    stepsLeft: (step) => (config.maxSteps === 0 ? end : Math.min(end, config.maxSteps)) - step,
    learningRate: (step, epoch) =>
      schedule.learningRateAt({ step: step - stage.step, epoch: epoch - stage.epoch }) * rateFactorIn(config, epoch),
  };
}
