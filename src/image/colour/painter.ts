/** Changes the colours of one picture step by step. Factors are in single precision. */
import type { Image } from "../image.ts";

/** What changes the colours of the picture that it was given. */
export interface Painter {
  /** Blends every value with `plain`: `plain + factor · (value − plain)`, cut off and clamped. */
  blendWith(plain: number, factor: number): void;
  /** The sum of all pixels' luma, or of all values of a grey picture. */
  sumOfLuma(): number;
  /** Blends each pixel of a colour picture with its luma. */
  blendWithLuma(factor: number): void;
  /** Turns all hues of a colour picture by `turn` of the colour wheel, −½..½. */
  turnHues(turn: number): void;
  /** The picture as it is now. */
  finish(): Image;
}
