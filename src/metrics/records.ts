/**
 * The records of a training run, one for each line of its `metrics.jsonl`, in the order in which they came about. Every
 * record says after how many steps it stands: `step` counts all steps of the run, from 1, and `epoch` is the number of
 * the epoch that they belong to, from 1.
 */

/** How well a network does on a set of samples. */
export interface LossAndAccuracy {
  /** Mean cross entropy, in nats. */
  readonly loss: number;
  /** Share of samples whose class was told right, 0..1. */
  readonly accuracy: number;
}

interface Moment {
  readonly epoch: number;
  readonly step: number;
}

/** A training step: the loss of its batch before the step, and the learning rate of the step. */
export interface StepRecord extends Moment {
  readonly type: "step";
  readonly loss: number;
  readonly lr: number;
}

/** An evaluation of the validation set in the course of an epoch. */
export interface EvalRecord extends Moment {
  readonly type: "eval";
  readonly val: LossAndAccuracy;
}

/** The end of an epoch; `train` is the mean over its steps, whose weights differ, `val` stands for the last of them. */
export interface EpochRecord extends Moment {
  readonly type: "epoch";
  readonly train: LossAndAccuracy;
  readonly val: LossAndAccuracy;
  /** Time of the epoch with its evaluations. */
  readonly seconds: number;
  /** Share of the time of its steps in which the engine waited for data, 0..1; of this run's part if it was resumed within the epoch. */
  readonly dataWaitShare?: number;
}

/** A line of `metrics.jsonl`. */
export type MetricsRecord = StepRecord | EvalRecord | EpochRecord;
