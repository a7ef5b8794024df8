import type { Pair } from "../ops/checks.ts";

/** One number for both axes, or [vertical, horizontal]. */
export type PairOption = number | Pair;

/** [vertical, horizontal]. */
export const pairOf = (option: PairOption): Pair => (typeof option === "number" ? [option, option] : option);
