/** What training tells its listener, who prints it. */
import type { EpochRecord, EvalRecord, LossAndAccuracy } from "../metrics/index.ts";
import type { Evaluation } from "./network-trainer.ts";
import type { TrainSummary } from "./summary.ts";

/** The beginning of a run, or of its continuation. */
export interface StartEvent {
  readonly type: "start";
  readonly run: string;
  readonly model: string;
  readonly parameters: number;
  readonly engine: string;
  readonly source: string;
  readonly trainImages: number;
  readonly valImages: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Steps done before; 0 in a new run. */
  readonly step: number;
}

/** A step that is done. */
export interface StepEvent {
  readonly type: "step";
  /** From 1. */
  readonly epoch: number;
  /** Steps done of this epoch. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly step: number;
  /** Time that the run's other steps will take at this speed. */
  readonly secondsLeft: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Over the epoch so far. */
  readonly train: LossAndAccuracy;
  readonly imagesPerSecond: number;
}

/** Progress of an evaluation, of a download, or of whatever takes long. */
export interface WaitEvent {
  readonly type: "wait";
  readonly what: string;
  readonly done: number;
  readonly total: number | undefined;
}

/** Something that a person should know. */
export interface NoteEvent {
  readonly type: "note";
  readonly text: string;
}

/** The weights were the best so far, and were saved. */
export interface BestEvent {
  readonly type: "best";
  readonly accuracy: number;
  readonly file: string;
  /** What they answered to the validation data. */
  readonly evaluation: Evaluation;
}

/** The run was asked to stop, and can be resumed. */
export interface StoppedEvent {
  readonly type: "stopped";
  readonly run: string;
  readonly step: number;
}

/** The end of a run. */
export interface EndEvent {
  readonly type: "end";
  readonly summary: TrainSummary;
}

/** Anything that training tells. */
export type TrainingEvent =
  | StartEvent
  | StepEvent
  | WaitEvent
  | NoteEvent
  | EvalRecord
  | EpochRecord
  | BestEvent
  | StoppedEvent
  | EndEvent;

/** Hears of everything, in order. */
export type TrainingListener = (event: TrainingEvent) => void;
