/** What a run says when it goes on. */
import type { Best } from "../checkpoint.ts";
import type { TrainConfig } from "../settings.ts";
import { freezeIn } from "../stages.ts";
import { dependsOnEnd, type RunStage } from "./run-stage.ts";

/** Where a run goes on. */
interface StagePlace {
  readonly config: TrainConfig;
  readonly stage: RunStage;
  /** From 0. */
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  /** The rate of the next step. */
  readonly learningRate: number;
  readonly best: Best | null;
}

/** One line: which rate and schedule hold, and with which weights the run goes on. */
export function stageText({ config, stage, epoch, step, learningRate, best }: StagePlace): string {
  const rate = Number(learningRate.toPrecision(6));
  const schedule = config.schedule === "none" ? "the same to the end" : scheduleText(config);
  const begins = step === stage.step;
  const freeze = freezeIn(config, epoch);
  const layers = freeze === "none" ? "all layers" : `the layers after ${freeze}`;
  const what = `${layers} at a learning rate of ${rate}, ${schedule}`;
  if (!begins) return `Going on exactly where last.pth left stage ${stage.number}: ${what}.`;
  const weights =
    stage.from === "best"
      ? `the best weights${best ? ` (epoch ${best.epoch}, accuracy ${(100 * best.accuracy).toFixed(2)}%)` : ""}`
      : "the last weights";
  return `Stage ${stage.number} begins with epoch ${epoch + 1}: ${what}; from ${weights}, with a new optimizer.`;
}

const scheduleText = ({ schedule, epochs }: TrainConfig): string =>
  dependsOnEnd(schedule) ? `then by ${schedule} until epoch ${epochs}` : `then by ${schedule}`;
