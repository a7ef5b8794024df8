/**
 * The stages of a run. A stage has settings, an optimizer and a schedule of its own; a run has one from its beginning, and another
 * from each moment on at which it went on otherwise.
 */
import { z } from "zod";
import { parseSchedule } from "../../optim/schedule.ts";
import type { ResolvedConfig } from "../config.ts";
import type { SettingName, TrainConfig } from "../settings.ts";

/** Where a stage lies in its run. */
export interface RunStage {
  /** 1, 2, … */
  readonly number: number;
  /** Epochs of the run before it. */
  readonly epoch: number;
  /** Steps of the run before it. */
  readonly step: number;
  /** With what weights it began: `start` as the settings say, `best` or `last` with those of the stage before. */
  readonly from: "start" | "best" | "last";
}

/** The stage that a run begins with. */
export const FIRST_STAGE: RunStage = { number: 1, epoch: 0, step: 0, from: "start" };

/** How a checkpoint holds a stage. */
export const stageSchema = z.object({
  ...{ number: z.number(), epoch: z.number(), step: z.number() },
  from: z.enum(["start", "best", "last"]),
});

/** Settings that decide what a step does: another value of one of them is another stage. */
export const STAGE_SETTINGS = [
  ...["freeze", "unfreezeAt", "unfreezeLearningRate", "batchNorm", "batchSize", "accumulate", "optimizer"],
  ...[
    "learningRate",
    "layerRates",
    "momentum",
    "weightDecay",
    "schedule",
    "labelSmoothing",
    "classWeights",
    "sampling",
  ],
  ...["clipNorm", "averageDecay", "augment", "erase", "mixup", "cutmix", "views", "shuffle", "precision"],
] as readonly SettingName[];

/** Whether the rates of a schedule depend on how many epochs there are in all. */
export const dependsOnEnd = (schedule: string): boolean =>
  ["cosine", "onecycle"].includes(parseSchedule(schedule).kind);

/** A stage as `config.json` lists it. */
export interface StageRecord extends RunStage {
  /** SHA-256 of the data. */
  readonly dataSha256: string;
  readonly settings: Readonly<Partial<TrainConfig>>;
}

const stageRecordSchema = stageSchema.extend({ dataSha256: z.string(), settings: z.record(z.string(), z.unknown()) });

/** The stages that a parsed `config.json` lists; none for a run that has one only, or that an older version made. */
export function stagesIn(content: unknown): StageRecord[] {
  const stages = typeof content === "object" && content !== null && "stages" in content ? content.stages : [];
  const found = z.array(stageRecordSchema).safeParse(stages);
  return found.success ? (found.data as StageRecord[]) : [];
}

/** The text of `config.json`: the settings that hold now and, where there are several, the stages with those of each. */
export function configText(config: ResolvedConfig, stages: readonly StageRecord[] = []): string {
  return `${JSON.stringify({ ...config, ...(0 < stages.length && { stages }) }, null, 2)}\n`;
}
