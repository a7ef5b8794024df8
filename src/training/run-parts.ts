import type { IdxData, WorkerPool } from "../data/index.ts";
import type { ModelRecord } from "../models/index.ts";
import { type Module, parameterCount } from "../nn/index.ts";
import type { RunFacts } from "./checkpoint.ts";
import type { StartEvent } from "./events.ts";
import type { Trainer } from "./network-trainer.ts";
import type { TrainConfig } from "./settings.ts";

/** What a run works with. */
export interface RunParts {
  readonly config: TrainConfig;
  readonly facts: RunFacts;
  readonly data: IdxData;
  readonly model: ModelRecord;
  readonly network: Module;
  readonly trainer: Trainer;
  readonly pool: WorkerPool | undefined;
  /** What a person should know of data and weights. */
  readonly notes: readonly string[];
}

/** What is told when a run begins or goes on. */
export const startEvent = (
  { config, data, network, trainer }: RunParts,
  place: Pick<StartEvent, "run" | "stepsPerEpoch">,
): StartEvent => ({
  type: "start",
  ...place,
  model: config.model,
  parameters: parameterCount(network),
  engine: trainer.engine.name,
  source: data.source,
  trainImages: data.train.length,
  valImages: data.test.length,
  epochs: config.epochs,
  step: trainer.step,
});
