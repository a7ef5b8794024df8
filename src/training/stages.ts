/** Which part of a network is trained when. */
import { UserError } from "../errors.ts";
import { frozenParameters, type ModelRecord, parametersOf } from "../models/index.ts";
import type { TrainedPart } from "./network-trainer.ts";
import { trainedParameters } from "./programs.ts";
import type { TrainConfig } from "./settings.ts";

/** A part of a run in which the same layers are frozen. */
export interface Stage {
  /** As the setting: `none`, `backbone` or a layer. */
  readonly freeze: string;
  /** Steps of the run before it. */
  readonly step: number;
}

/** What is frozen in an epoch, counted from 0. */
export const freezeIn = ({ freeze, unfreezeAt }: TrainConfig, epoch: number): string =>
  unfreezeAt !== 0 && unfreezeAt <= epoch + 1 ? "none" : freeze;

/** The learning rate of an epoch before any schedule, as a multiple of the run's. */
export const rateFactorIn = (config: TrainConfig, epoch: number): number =>
  config.unfreezeAt !== 0 && config.unfreezeAt <= epoch + 1 && config.unfreezeLearningRate !== 0
    ? config.unfreezeLearningRate / config.learningRate
    : 1;

/** What a setting of frozen layers and the rates of layers mean for a model. A layer that it does not have is a `UserError`. */
export function partOf(
  model: ModelRecord,
  { batchNorm, layerRates }: Pick<TrainConfig, "batchNorm" | "layerRates">,
  freeze: string,
): TrainedPart {
  const isFrozen = frozenBy(model, freeze);
  const factors = parseLayerRates(model, layerRates);
  return {
    isFrozen,
    keepsStatistics: (layer) =>
      batchNorm === "frozen" || (batchNorm === "auto" && isFrozen(layer === "" ? "weight" : `${layer}.weight`)),
    learningRateScale: (parameter) => factors.findLast(({ parameters }) => parameters.has(parameter))?.factor ?? 1,
  };
}

/**
 * The steps that were done before a parameter was trained without a break until now: what an optimizer keeps begins anew when
 * a parameter is trained again, and its count of steps with it. A parameter that is frozen now has not begun.
 */
export function sinceOf(model: ModelRecord, stages: readonly Stage[]): (parameter: string) => number {
  const parts = stages.map(({ freeze, step }) => ({ step, isFrozen: frozenBy(model, freeze) }));
  return (parameter) => {
    const lastFrozen = parts.findLastIndex(({ isFrozen }) => isFrozen(parameter));
    return parts[lastFrozen + 1]?.step ?? Number.POSITIVE_INFINITY;
  };
}

/** Whether the parameter of that name keeps its value. */
function frozenBy(model: ModelRecord, freeze: string): (parameter: string) => boolean {
  if (freeze === "none") return () => false;
  const network = model.build({ classes: 2 });
  const frozen = frozenParameters(model, network, freeze);
  if (trainedParameters(network, (name) => frozen.has(name)).length === 0) {
    throw new UserError(
      `freeze: expected a layer before the end of ${model.name} but nothing would be left to train after "${freeze}".`,
      "Name an earlier layer, or take backbone, which leaves the last layer.",
    );
  }
  return (parameter) => frozen.has(parameter);
}

interface LayerRate {
  readonly parameters: ReadonlySet<string>;
  readonly factor: number;
}

/** The factors of `backbone:0.1,layer4:0.5`; `none` is no factors. Anything else is a `UserError`. */
function parseLayerRates(model: ModelRecord, text: string): LayerRate[] {
  if (text === "none") return [];
  const network = model.build({ classes: 2 });
  return text.split(",").map((entry) => {
    const [, layer, factor] = /^([\w.]+):(\d+(?:\.\d*)?(?:e-?\d+)?)$/.exec(entry) ?? [];
    if (layer === undefined) {
      throw new UserError(
        `layer rates: expected a layer, a colon and a factor of at least 0, such as backbone:0.1, but got "${entry}".`,
        "Give another value, or leave it out.",
      );
    }
    return { factor: Number(factor), parameters: parametersOf(model, network, layer) };
  });
}
