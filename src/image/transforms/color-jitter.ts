import { permutation, type Rng } from "../../rng.ts";
import { type Adjustment, adjustColours } from "../colour/index.ts";
import type { Transform } from "./transform.ts";

/** How far colours may change: factors within 1 ± `brightness`, … (not below 0), hue within ± `hue` (0..½) turns. */
export interface JitterRange {
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  readonly hue?: number;
}

const KINDS = ["brightness", "contrast", "saturation", "hue"] as const;

/** Changes brightness, contrast, saturation and hue at random, in random order. */
export const colorJitter =
  (range: JitterRange): Transform =>
  (image, rng) =>
    adjustColours(image, sampleJitter(range, rng));

/** Draws the order of the four, then an amount for each that has a range: brightness, contrast, saturation, hue. */
export function sampleJitter(range: JitterRange, rng: Rng): Adjustment[] {
  const order = permutation(KINDS.length, rng);
  const amounts = KINDS.map((kind) => {
    const spread = range[kind] ?? 0;
    if (spread === 0) return undefined;
    return kind === "hue" ? rng.uniform(-spread, spread) : rng.uniform(Math.max(0, 1 - spread), 1 + spread);
  });
  return Array.from(order).flatMap((index) => {
    const amount = amounts[index];
    return amount === undefined ? [] : [{ kind: KINDS[index]!, amount }];
  });
}
