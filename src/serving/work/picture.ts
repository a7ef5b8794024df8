/** Decodes a picture that a client sent. */
import { decodeImage, encodePng, readSize } from "../../image/index.ts";
import { resizeTo } from "../../image/public.ts";
import { readPixels } from "../../training/predict.ts";
import { ApiError } from "../api/errors.ts";
import { fileOf, type SentPicture } from "../api/requests/picture-body.ts";
import type { SeeingModel, ThumbnailOptions } from "./work.ts";

/** What errors call a picture that has no file name. */
const PICTURE = "picture";

/**
 * The pixels [H, W, C] of a picture as the network sees them. What is no picture is a `UserError`; one of more pixels than
 * `maxPixels` by its header, and a form without one file, are an `ApiError`.
 */
export async function readPicturePixels(sent: SentPicture, model: SeeingModel): Promise<Uint8Array> {
  const bytes = await fileOf(sent);
  const { width, height } = await readSize(bytes, PICTURE);
  if (model.maxPixels < width * height) {
    const message = `picture: expected at most ${model.maxPixels} pixels but its header says ${width}×${height}.`;
    throw new ApiError(413, message, "Make it smaller, or start the server with a larger --max-megapixels.");
  }
  return readPixels(bytes, model, PICTURE);
}

/** A picture no larger than asked for, as a PNG file. */
export async function thumbnail(file: string, { side, orient }: ThumbnailOptions): Promise<Uint8Array> {
  const image = await decodeImage(file, { orient });
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const scaled = (pixels: number): number => Math.max(1, Math.round(pixels * scale));
  return encodePng(resizeTo(image, { width: scaled(image.width), height: scaled(image.height) }));
}
