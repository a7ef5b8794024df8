/** What the page and its server tell each other of starting, changing and deleting runs; types alone. */
import type { Note, Setting } from "./api.ts";

/** A field of the form for a new run. */
export interface SettingField {
  readonly name: string;
  readonly flag: string;
  /** As `ocelli train --help` says it. */
  readonly text: string;
  readonly unit: string | null;
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

/** A run that has begun, or has another name now. */
export interface StartedRun {
  readonly id: string;
}

/** How a run is gone on with: what `ocelli resume` takes, each left out for what is usual. */
export interface ResumeRequest {
  readonly epochs?: number;
  readonly unfreeze?: boolean;
  readonly lr?: number;
  readonly from?: "best" | "last";
}

/** What is exported. */
export interface ExportRequest {
  readonly to: "onnx" | "pth" | "safetensors" | "web";
  readonly precision: "fp32" | "fp16" | "int8";
}

/** A run that was deleted and can be brought back. */
export interface DeletedRun {
  /** What names it in the bin. */
  readonly entry: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly deleted: number;
}

/** The bin. */
export interface Bin {
  readonly folder: string;
  /** Days after which a run is removed from it. */
  readonly days: number;
  readonly runs: readonly DeletedRun[];
}
