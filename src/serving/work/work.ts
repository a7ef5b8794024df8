/** Work on what clients send that takes time: it is done in threads, so that the server goes on answering. */

import type { PreparedPicture } from "../../explain/index.ts";
import type { LoadedModel } from "../../training/index.ts";
import type { SentPicture } from "../api/requests/picture-body.ts";
import type { Question, SentMessage } from "../api/tensors/messages.ts";

/** What is to be known of a model that sees a picture. */
export interface SeeingModel extends Pick<LoadedModel, "name" | "input"> {
  /** Pixels of a picture at most. */
  readonly maxPixels: number;
}

/** What a thread is asked. */
export type Work =
  | { readonly kind: "picture"; readonly picture: SentPicture; readonly model: SeeingModel }
  | { readonly kind: "question"; readonly message: SentMessage }
  | { readonly kind: "thumbnail"; readonly file: string; readonly options: ThumbnailOptions }
  | {
      readonly kind: "preparation";
      readonly source: string | Uint8Array;
      readonly model: NamedInput;
      readonly name: string;
    };

/** What is to be known of a model whose answer is explained. */
export type NamedInput = Pick<LoadedModel, "name" | "input">;

/** How a picture is made small. */
export interface ThumbnailOptions {
  /** The longer side, at most. */
  readonly side: number;
  /** Whether to turn the picture as its EXIF data says. */
  readonly orient: boolean;
}

/** Does such work. */
export interface Workers {
  /** The pixels [H, W, C] of a picture as the network sees them; as `readPicturePixels` says. */
  pixels(picture: SentPicture, model: SeeingModel, signal: AbortSignal): Promise<Uint8Array>;
  /** What a message of the Open Inference Protocol asks; what is none is an `ApiError`. */
  question(message: SentMessage, signal: AbortSignal): Promise<Question>;
  /** A picture made small, as a PNG file. What is no picture is a `UserError`. */
  thumbnail(file: string, options: ThumbnailOptions, signal: AbortSignal): Promise<Uint8Array>;
  /** As `preparePicture` says. */
  preparation(
    source: string | Uint8Array,
    about: { readonly model: NamedInput; readonly name: string },
    signal: AbortSignal,
  ): Promise<PreparedPicture>;
  /** Ends the threads; work under way fails. */
  close(): Promise<void>;
}
