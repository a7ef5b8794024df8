/** What the dashboard's page and its server tell each other; types alone, since the page imports them too. */
import type { EpochRecord, EvalRecord, MetricsRecord } from "../../metrics/records.ts";

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
 * `starting`: its process has begun but there is no run folder yet · `training`: something was written a moment ago ·
 * `stopped`: by a person · `finished` · `failed`: with an error · `silent`: none of these is known, as after a power cut.
 */
export type RunState = "starting" | "training" | "stopped" | "finished" | "failed" | "silent";

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
  /** What cannot be read. */
  readonly notes: readonly Note[];
}

/** A setting of a run. */
export interface Setting {
  readonly name: string;
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
  readonly state: "running" | "stopping" | "ended";
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
  /** Files that may be opened: pictures and the report. */
  readonly files: readonly string[];
  readonly job: Job | null;
  readonly evaluation: EvaluationState;
  /** Whether there are weights to predict with. */
  readonly hasWeights: boolean;
}

/** What the list shows. */
export interface RunList {
  /** The folder, as it was given. */
  readonly folder: string;
  readonly runs: readonly RunEntry[];
}

/** Events of `GET /api/runs/:id/events`: `records` with an array of these, `state`, `reset` (read all again). */
export type LiveRecords = readonly MetricsRecord[];

/** The event `state`. */
export interface LiveState {
  readonly state: RunState;
  readonly job: Job | null;
  readonly evaluation: EvaluationState;
}

/** What a person said of a photo. */
export type MarkAnswer = { readonly label: string; readonly excluded?: undefined } | { readonly excluded: true };

/** A picture of the validation set with what the network takes it for. */
export interface ShownPicture {
  /** Its place in the validation set. */
  readonly index: number;
  /** Relative to the data set's folder; null for what is in no file of its own, and cannot be marked. */
  readonly file: string | null;
  readonly class: string;
  readonly predicted: string;
  /** Of the predicted class, 0..1. */
  readonly probability: number;
  /** Cross entropy in nats. */
  readonly loss: number;
  readonly mark: MarkAnswer | null;
}

/** Some pictures of a selection. */
export interface PicturePage {
  /** Pictures of the whole selection. */
  readonly total: number;
  readonly offset: number;
  readonly pictures: readonly ShownPicture[];
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

/** A field of the form for a new run. */
export interface SettingField {
  readonly name: string;
  readonly kind: "choice" | "switch" | "number" | "text";
  readonly choices: readonly string[] | null;
  /** What a person should give. */
  readonly expected: string;
}

/** What the form needs to know. */
export interface TrainForm {
  readonly fields: readonly SettingField[];
  readonly models: readonly string[];
  /** Why no run can be started; null if one can. */
  readonly refusal: Note | null;
}

/** What is wrong with a form, and the settings that come of what is right in it. */
export interface TrainCheck {
  readonly faults: readonly (Note & { readonly setting: string | null })[];
  readonly settings: readonly Setting[];
}

/** A run that has begun. */
export interface StartedRun {
  readonly id: string;
}
