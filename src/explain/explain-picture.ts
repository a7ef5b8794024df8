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

/** Explains what the model makes of a picture given as its path or its bytes. One that it does not take is a `UserError`. */
export async function explainPicture(
  explainer: Explainer,
  source: string | Uint8Array,
  { model, name = "picture", ...options }: ExplainOptions & { readonly model: LoadedModel; readonly name?: string },
): Promise<ExplainedPicture> {
  const called = typeof source === "string" ? source : name;
  const picture = await decodeFor(source, model, called);
  const [explanation] = await explainer.explain(toInput(picture, model, called), options);
  if (!explanation) throw new Error("explain: no explanation of one picture");
  const shown = shownPicture(picture);
  return { ...explanation, overlay: overlayHeat(shown, explanation.heat, seenArea(shown, model.input)) };
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
