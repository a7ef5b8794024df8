import type { Image } from "../image.ts";
import type { Painter } from "./painter.ts";
import { plainPainter } from "./plain.ts";
import { simdPainter } from "./simd.ts";

/**
 * A change of colours. `brightness`, `contrast` and `saturation` are factors ≥ 0, 1 changes nothing, 0 gives black, the
 * mean grey and grey; `hue` is a turn of the colour wheel, −½..½.
 */
export interface Adjustment {
  readonly kind: "brightness" | "contrast" | "saturation" | "hue";
  readonly amount: number;
}

/** The picture after the changes, one after the other, to the last bit as by torchvision on Pillow 12. */
export function adjustColours(image: Image, adjustments: readonly Adjustment[]): Image {
  if (adjustments.length === 0) return image;
  return paint(simdPainter(image) ?? plainPainter(image), image, adjustments);
}

/** Lets a painter of `image` make the changes. */
export function paint(painter: Painter, { width, height, channels }: Image, adjustments: readonly Adjustment[]): Image {
  for (const { kind, amount } of adjustments) {
    const factor = Math.fround(amount);
    if (kind === "hue") {
      if (channels === 3) painter.turnHues(amount);
    } else if (factor !== 1) {
      if (kind === "brightness") painter.blendWith(0, factor);
      else if (kind === "contrast") painter.blendWith(Math.floor(painter.sumOfLuma() / (width * height) + 0.5), factor);
      else if (channels === 3) painter.blendWithLuma(factor);
    }
  }
  return painter.finish();
}
