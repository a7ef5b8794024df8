/** What the API asks of a model that is served, whatever it is. */

import type { ModelPort, ModelTensor } from "../../engines/onnx/model-file.ts";
import type { SentPicture } from "../api/requests/picture-body.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, ModelTensor>>;

/** A request's place with a model, from when its body has come to its answer. */
export interface Visit {
  /** The logits [classes] of a picture. One that is none is a `UserError`, one that is too large an `ApiError`. */
  predict(picture: SentPicture, signal: AbortSignal): Promise<Float32Array>;
  /** All outputs for tensors; what does not fit is a `UserError`. */
  infer(feeds: Tensors, signal: AbortSignal): Promise<Tensors>;
  /** To be called in any case. */
  leave(): void;
}

/** A model that is served. */
export interface ServedModel {
  readonly name: string;
  /** What runs it, in the words of the Open Inference Protocol. */
  readonly platform: string;
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** Undefined for a model that takes no pictures. */
  readonly classes?: readonly string[];
  /** Requests that wait. */
  readonly queueLength: number;
  /** Whether there is no place for another. */
  readonly isFull: boolean;
  /** Milliseconds for which the oldest run under way has gone on. */
  readonly longestRun: number;
  /** Takes a place for a request, or throws `QueueFull`. */
  enter(): Visit;
  /** Ends it; requests under way fail. */
  close(): Promise<void>;
}

/** What holds for each model. */
export interface ServingLimits {
  /** Pictures that are computed at once. */
  readonly maxBatch: number;
  /** Milliseconds that a picture waits for others. */
  readonly maxDelayMs: number;
  /** Pictures that wait or are computed. */
  readonly maxQueue: number;
  /** Pixels of a picture. */
  readonly maxPixels: number;
  /** Threads that compute. */
  readonly threads: number;
}

/** Told of each batch that was computed. */
export type BatchListener = (batch: {
  readonly model: string;
  readonly size: number;
  readonly seconds: number;
}) => void;
