/** What the dashboard's page and its server tell each other; types alone, since the page imports them too. */
import type { EpochRecord, EvalRecord, MetricsRecord } from "../../metrics/records.ts";

export type * from "./api-training.ts";

/** Something that is wrong, and what to do. */
export interface Note {
  readonly message: string;
  readonly hint: string;
}

/** The body of an answer whose status is 4xx or 5xx; `setting` where it is about one field of a form. */
export interface ErrorAnswer {
  readonly error: Note;
}

/**
 * `queued`: it waits for another to end · `starting`: its process has begun but there is no run folder yet · `training`: its process
 * is at work, or something was written a moment ago · `stopped`: by a person · `finished` · `failed`: with an error · `killed`: its
 * process is gone and did not say why · `silent`: none of these is known, as after a power cut.
 */
export type RunState = "queued" | "starting" | "training" | "stopped" | "finished" | "failed" | "killed" | "silent";

/** How far a run is that is in training. Figures are null before the first step. */
export interface Progress {
  /** The epoch under way, from 1. */
  readonly epoch: number;
  /** Steps of this epoch that are done, and of the whole run. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly step: number;
  /** Over this epoch so far. */
  readonly train: { readonly loss: number; readonly accuracy: number } | null;
  readonly imagesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** What takes the time where it is no step, such as `Evaluating`. */
  readonly doing: { readonly what: string; readonly done: number; readonly total: number | null } | null;
}

/** A run in the list. Figures are null where they are not known (yet). */
export interface RunEntry {
  /** Its folder relative to the runs folder, with `/` between the parts. */
  readonly id: string;
  readonly state: RunState;
  readonly model: string | null;
  readonly data: string | null;
  /** Whole epochs done. */
  readonly epochs: number;
  readonly epochsWanted: number | null;
  /** The best accuracy on the validation set, 0..1, with its loss and epoch. */
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly bestEpoch: number | null;
  readonly seconds: number | null;
  /** Milliseconds since 1970. */
  readonly begun: number;
  readonly changed: number;
  /** Validation accuracy after each epoch; at most 50 points, evenly spread. */
  readonly curve: readonly number[];
  /** Of a run that is in training, where its process tells it. */
  readonly progress: Progress | null;
  /** What a person noted; "" if nothing. */
  readonly note: string;
  /** What cannot be read. */
  readonly notes: readonly Note[];
}

/** A setting of a run. */
export interface Setting {
  readonly name: string;
  /** `--lr`; the name itself of a setting that this version does not know. */
  readonly flag: string;
  /** What it does, as `ocelli train --help` says it; "" if that is not known. */
  readonly text: string;
  readonly unit: string | null;
  readonly value: unknown;
  /** `default`, `recipe`, `file` or `flag`. */
  readonly from: string;
}

/** The records of a run up to a place in its `metrics.jsonl`. */
export interface Metrics {
  readonly epochs: readonly EpochRecord[];
  readonly evals: readonly EvalRecord[];
  /** [step, loss, learning rate]; at most some thousand of them, evenly spread. */
  readonly steps: readonly (readonly [step: number, loss: number, lr: number])[];
  /** Bytes that were read: where the live records go on. */
  readonly end: number;
}

/** A process that the dashboard has started. */
export interface Job {
  readonly kind: "train" | "resume";
  readonly state: "waiting" | "running" | "stopping" | "ended";
  /** Exit code; null while it runs, or if a signal ended it. */
  readonly code: number | null;
  /** The last lines that it printed. */
  readonly lines: readonly string[];
}

/** How far the evaluation is whose answers are shown as pictures and confusion matrix. */
export interface EvaluationState {
  /** `stale`: the weights are newer than the answers. */
  readonly state: "none" | "stale" | "running" | "ready" | "failed";
  readonly done: number;
  readonly total: number;
  readonly error: Note | null;
}

/** All about a run but for its pictures. */
export interface RunDetail extends RunEntry {
  readonly settings: readonly Setting[];
  /** Of a run that has come to its end. */
  readonly summary: { readonly imagesPerSecond: number; readonly peakRssMiB: number } | null;
  readonly metrics: Metrics;
  readonly company: RunCompany;
}

/** What goes with a run besides its settings and records. */
export interface RunCompany {
  /** Files that may be opened: pictures and the report. */
  readonly files: readonly string[];
  readonly job: Job | null;
  readonly evaluation: EvaluationState;
  readonly exports: Exports;
  /** Whether there are weights to predict with. */
  readonly hasWeights: boolean;
}

/** Models that were exported from the page, and the one that is being made. */
export interface Exports {
  /** Where they are. */
  readonly folder: string;
  readonly files: readonly ExportedFile[];
  readonly state: "none" | "running" | "failed";
  readonly error: Note | null;
}

/** An exported model. */
export interface ExportedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** A page for the browser is a folder, which is not downloaded. */
  readonly isFolder: boolean;
}

/** What the list shows. */
export interface RunList {
  /** The folder, as it was given. */
  readonly folder: string;
  readonly runs: readonly RunEntry[];
}

/** Events of `GET /api/runs/:id/events`: `records` with an array of these, `state`, `reset` (read all again), `gone` with a `Note`. */
export type LiveRecords = readonly MetricsRecord[];

/** The event `state`: all but settings and records, as it is now. */
export interface LiveState {
  readonly entry: RunEntry;
  readonly company: RunCompany;
}

/** What a person said of a photo. */
export type MarkAnswer = { readonly label: string; readonly excluded?: undefined } | { readonly excluded: true };

/** A picture of a data set. */
export interface DataPicture {
  /** Its place in the training or validation set. */
  readonly index: number;
  /** Relative to the data set's folder; null for what is in no file of its own, and cannot be marked. */
  readonly file: string | null;
  /** As the data set has it. */
  readonly class: string;
  readonly mark: MarkAnswer | null;
}

/** A picture of the validation set with what the network takes it for. */
export interface ShownPicture extends DataPicture {
  readonly predicted: string;
  /** Of the predicted class, 0..1. */
  readonly probability: number;
  /** Cross entropy in nats. */
  readonly loss: number;
}

/** Some pictures of a selection. */
export interface PicturePage<Picture = ShownPicture> {
  /** Pictures of the whole selection. */
  readonly total: number;
  readonly offset: number;
  readonly pictures: readonly Picture[];
}

/** The parts of a data set. */
export type DataPart = "train" | "val";

/** What is in a run's data set. */
export interface DataSummary {
  readonly classes: readonly string[];
  /** Pictures of each class. */
  readonly counts: Readonly<Record<DataPart, readonly number[]>>;
  /** Whether its pictures are files, which can be marked. */
  readonly hasFiles: boolean;
}

/** The account of a run's predictions. */
export interface RunReport {
  readonly count: number;
  readonly accuracy: number;
  readonly accuracyInterval: readonly [low: number, high: number];
  readonly loss: number;
  readonly classes: readonly string[];
  /** [true class][predicted class] */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly {
    readonly class: string;
    readonly count: number;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
  }[];
  /** Whether its pictures are files, which can be marked. */
  readonly hasFiles: boolean;
}

/** What was said of a data set's photos. */
export interface MarkList {
  /** The file that holds it. */
  readonly file: string;
  readonly marks: readonly { readonly name: string; readonly class: string | null; readonly mark: MarkAnswer }[];
}

/** What a mark was before it was changed, so that it can be taken back. */
export interface MarkChange {
  readonly before: MarkAnswer | null;
}

/** What a network makes of a picture. */
export interface Classified {
  readonly top: readonly { readonly class: string; readonly probability: number }[];
  /** The picture under the heat map of the first class: a PNG file as data URL. */
  readonly overlay: string;
}
