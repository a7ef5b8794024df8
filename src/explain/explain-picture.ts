/** Heat maps of pictures of any size. */
import { type Image, resizeTo } from "../image/public.ts";
import { decodeFor, type LoadedModel, toInput } from "../training/index.ts";
import type { Explainer, ExplainOptions, Explanation } from "./grad-cam.ts";
import { overlayHeat, seenArea } from "./overlay.ts";

/** An explanation, and the picture under its heat map. */
export interface ExplainedPicture extends Explanation {
  readonly overlay: Image;
}

/** Pixels of an overlay's longer side, at most and (as far as whole factors reach) at least. */
const SIDE = { most: 1024, least: 224 } as const;

/** A picture made ready, which takes the most of the time: a thread may do it. */
export interface PreparedPicture {
  /** What the network takes, [C, H, W]. */
  readonly input: Float32Array;
  /** The picture in the size of its overlay. */
  readonly shown: Image;
}

/** Decodes a picture given as its path or its bytes. One that the model does not take is a `UserError`. */
export async function preparePicture(
  source: string | Uint8Array,
  model: Pick<LoadedModel, "name" | "input">,
  name: string,
): Promise<PreparedPicture> {
  const picture = await decodeFor(source, model, name);
  return { input: toInput(picture, model, name), shown: shownPicture(picture) };
}

/** Explains what the model makes of a picture that was made ready. */
export async function explainPrepared(
  explainer: Explainer,
  { input, shown }: PreparedPicture,
  { model, ...options }: ExplainOptions & { readonly model: Pick<LoadedModel, "input"> },
): Promise<ExplainedPicture> {
  const [explanation] = await explainer.explain(input, options);
  if (!explanation) throw new Error("explain: no explanation of one picture");
  return { ...explanation, overlay: overlayHeat(shown, explanation.heat, seenArea(shown, model.input)) };
}

/** Explains what the model makes of a picture given as its path or its bytes. One that it does not take is a `UserError`. */
export async function explainPicture(
  explainer: Explainer,
  source: string | Uint8Array,
  { model, name = "picture", ...options }: ExplainOptions & { readonly model: LoadedModel; readonly name?: string },
): Promise<ExplainedPicture> {
  const called = typeof source === "string" ? source : name;
  return explainPrepared(explainer, await preparePicture(source, model, called), { model, ...options });
}

/** A picture in the size of its overlay: small ones are enlarged, pixel by pixel, so that they can be looked at. */
function shownPicture(picture: Image): Image {
  const { width, height } = picture;
  const longest = Math.max(width, height);
  const factor = Math.max(Math.min(1, SIDE.most / longest), Math.floor(SIDE.least / longest));
  const side = (pixels: number): number => Math.max(1, Math.round(pixels * factor));
  const size = { width: side(width), height: side(height) };
  return resizeTo(picture, size, 1 < factor ? "nearest" : "bilinear");
}
