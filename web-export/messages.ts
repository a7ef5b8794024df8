/** What the page and its classifier thread say to each other. */
import type { PageModel } from "./model.ts";

/** A picture to be classified: a file's bytes, or a frame of the camera. */
export interface Question {
  readonly id: number;
  readonly picture: Blob | ImageBitmap;
}

/** What the model makes of a picture. */
export interface Answer {
  readonly kind: "answer";
  readonly id: number;
  /** Of each class, 0..1. */
  readonly probabilities: Float32Array;
  /** What the network saw, [height, width, 4]. */
  readonly seen: ImageData;
  /** The picture's own size. */
  readonly width: number;
  readonly height: number;
  readonly milliseconds: number;
}

/** Something that went wrong, and what to do about it; without `id` nothing can be classified at all. */
export interface Failure {
  readonly kind: "failure";
  readonly id?: number;
  readonly message: string;
  readonly hint: string;
}

/** What the thread tells. */
export type Told =
  | Answer
  | Failure
  | { readonly kind: "loading"; readonly loaded: number; readonly total: number }
  | { readonly kind: "ready"; readonly model: PageModel };
