/** What may come after a run, for people: commands that work there. */

import { shellWord } from "../data/photos/words.ts";
import type { ResolvedConfig, TrainSummary } from "../training/index.ts";

/** By what a rate is divided when all layers are trained after the last ones. */
const SLOWER = 10;
/** Digits of a suggested rate. */
const DIGITS = 3;
const MORE_EPOCHS = 2;

/** Why a run that is longer by settings has ended, as flags that let it go on. */
function moreOf({ epochs, steps }: TrainSummary, config: ResolvedConfig): string {
  if (config.epochs.value <= epochs) return `--epochs ${config.epochs.value + MORE_EPOCHS}`;
  return 0 < config.maxSteps.value && config.maxSteps.value <= steps ? "--max-steps 0" : "--patience 0";
}

/** A line of commands that may come next. */
export function suggestions(summary: TrainSummary, config: ResolvedConfig): string {
  const [run, data] = [shellWord(summary.run), shellWord(config.data.value)];
  const more = moreOf(summary, config);
  const isFrozen =
    config.freeze.value !== "none" && (config.unfreezeAt.value === 0 || summary.epochs < config.unfreezeAt.value);
  const rate = Number((config.learningRate.value / SLOWER).toPrecision(DIGITS));
  const last = isFrozen ? `${more} --unfreeze --lr ${rate}` : more;
  return `try next  ocelli eval ${run} ${data} · ocelli predict ${run} IMAGE… · ocelli resume ${run} ${last}`;
}
