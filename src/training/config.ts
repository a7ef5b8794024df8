/** The settings of a training run: checked, with defaults, each with where it came from. */
import { messageOf, UserError } from "../errors.ts";
import { brief, shownValue } from "../harmless.ts";
import { parseJson } from "../json.ts";
import { findModel } from "../models/index.ts";
import { nearest } from "../nearest.ts";
import { createSchedule, parseSchedule } from "../optim/schedule.ts";
import { SETTING_NAMES, SETTINGS, type SettingName, type TrainConfig } from "./settings.ts";
import { partOf } from "./stages.ts";

const SOURCES = ["default", "recipe", "file", "flag"] as const;
/** Where a setting's value came from. */
export type SettingSource = (typeof SOURCES)[number];

/** Settings with where each came from, as `config.json` holds them. */
export type ResolvedConfig = {
  readonly [Name in SettingName]: { readonly value: TrainConfig[Name]; readonly from: SettingSource };
};

/** Values from one source; later sources win over earlier ones. */
export interface ConfigLayer {
  readonly from: SettingSource;
  readonly values: Readonly<Record<string, unknown>>;
  /** How a setting is called there, such as `--lr`; its name by default. */
  readonly nameOf?: (setting: SettingName) => string;
}

/**
 * The defaults under the given layers. A wrong name or value is a `UserError` with the nearest right one, and so are
 * settings that do not go together.
 */
export function resolveConfig(layers: readonly ConfigLayer[]): ResolvedConfig {
  const resolved = Object.fromEntries(
    SETTING_NAMES.map((name) => [
      name,
      { value: SETTINGS[name].otherwise as unknown, from: "default" as SettingSource },
    ]),
  );
  for (const { from, values, nameOf = (name: string) => name } of layers) {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      if (!isSettingName(name)) throw unknownSetting(name, nameOf);
      resolved[name] = { value: checked(name, value, nameOf(name)), from };
    }
  }
  const config = resolved as unknown as ResolvedConfig;
  checkTogether(configValues(config));
  return config;
}

/** Throws where a setting is wrong only because of others. */
function checkTogether(config: TrainConfig): void {
  const { model, schedule, learningRate, epochs, optimizer, momentum, freeze, unfreezeAt, weights, classWeights } =
    config;
  partOf(findModel(model), config, freeze);
  createSchedule(parseSchedule(schedule), { learningRate, epochs, stepsPerEpoch: 1 });
  if (momentum !== 0 && optimizer !== "sgd")
    throw new UserError(
      `momentum: expected 0, as ${optimizer} has no such setting, but got ${momentum}.`,
      "Take the optimizer sgd, or leave momentum out.",
    );
  if (unfreezeAt !== 0 && freeze === "none")
    throw new UserError(
      `unfreezeAt: expected something to be frozen before epoch ${unfreezeAt} but freeze is none.`,
      "Add --freeze backbone, or leave --unfreeze-at out.",
    );
  if (epochs < unfreezeAt)
    throw new UserError(
      `unfreezeAt: expected an epoch in 1..${epochs}, as the run has no more, but got ${unfreezeAt}.`,
      "Give a lower --unfreeze-at or more --epochs.",
    );
  if (unfreezeAt === 0 && config.unfreezeLearningRate !== 0)
    throw new UserError(
      "unfreezeLearningRate: expected an epoch from which on it holds but unfreezeAt is 0.",
      "Add --unfreeze-at with the first epoch in which all layers are trained, or take --lr.",
    );
  if (classWeights !== "none" && config.sampling === "balanced")
    throw new UserError(
      "classWeights: expected none, as the sampling is balanced already, but both are asked for.",
      "Take one of the two.",
    );
  const published = findModel(model).published;
  if (weights === "imagenet" && !published)
    throw new UserError(
      `weights: expected a model with published weights but ${model} has none.`,
      "Take another --model, or leave --weights out.",
    );
  if (config.views !== 0) checkViews(config);
}

/** Throws where there are no features that could be kept. */
function checkViews({ views, freeze, cache, mixup, cutmix }: TrainConfig): void {
  if (freeze === "none")
    throw new UserError(
      `views: expected 0, as nothing is frozen whose features could be kept, but got ${views}.`,
      "Add --freeze backbone, or leave --views out.",
    );
  if (cache === "none")
    throw new UserError(
      `views: expected 0, as the cache is none and features are not kept, but got ${views}.`,
      "Take --cache disk or ram, or leave --views out.",
    );
  if (mixup !== 0 || cutmix !== 0)
    throw new UserError(
      `views: expected 0, as mixed images are new in each epoch, but got ${views}.`,
      "Leave --views out, or --mixup and --cutmix.",
    );
}

/** Something that is wrong with settings, and which of them it is about. */
export interface SettingFault {
  readonly setting: SettingName | null;
  readonly message: string;
  readonly hint: string;
}

/** All that is wrong with the values of the last layer: what is wrong by itself, or else the first that does not go with others. */
export function settingFaults(layers: readonly ConfigLayer[]): SettingFault[] {
  const faultOf = (act: () => unknown): SettingFault[] => {
    try {
      act();
      return [];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const name = /^\w+/.exec(error.message)?.[0] ?? "";
      return [{ setting: isSettingName(name) ? name : null, message: error.message, hint: error.hint }];
    }
  };
  const own = Object.entries(layers.at(-1)?.values ?? {}).filter(([, value]) => value !== undefined);
  const faults = own.flatMap(([name, value]) =>
    isSettingName(name) ? faultOf(() => checked(name, value, name)) : faultOf(() => resolveConfig(layers)),
  );
  return 0 < faults.length ? faults : faultOf(() => resolveConfig(layers));
}

const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

function checked(name: SettingName, value: unknown, label: string): unknown {
  const { type, expected } = SETTINGS[name];
  const result = type.safeParse(value);
  if (result.success) return result.data;
  const forms = typeof expected === "string" ? expected : `one of ${expected.join(", ")}`;
  const likely = typeof expected === "string" || typeof value !== "string" ? undefined : nearest(value, expected);
  throw new UserError(
    `${label}: expected ${forms} but got ${typeof value === "number" ? value : shownValue(value)}.`,
    likely ? `Did you mean "${likely}"?` : `Give another value, or leave it out for ${SETTINGS[name].otherwise}.`,
  );
}

function unknownSetting(name: string, nameOf: (name: SettingName) => string): UserError {
  const likely = nearest(name, SETTING_NAMES);
  return new UserError(
    `${nameOf(brief(name) as SettingName)}: expected the name of a setting but no setting is called so.`,
    likely ? `Did you mean "${likely}"?` : `The settings are ${SETTING_NAMES.join(", ")}.`,
  );
}

/** The values alone. */
export const configValues = (config: ResolvedConfig): TrainConfig =>
  Object.fromEntries(SETTING_NAMES.map((name) => [name, config[name].value])) as unknown as TrainConfig;

/** The settings in a JSON text: plain values, or a run's `config.json`, whose sources are left out. */
export function parseConfigFile(text: string, file: string): ConfigLayer {
  const values = Object.entries(parseSettings(text, file)).map(([name, entry]) => [name, stored(entry).value]);
  return { from: "file", values: Object.fromEntries(values), nameOf: nameIn(file) };
}

/** The settings of a run's `config.json`, one layer for each source. */
export function parseRunConfig(text: string, file: string): ConfigLayer[] {
  const entries = Object.entries(parseSettings(text, file)).map(([name, entry]) => [name, stored(entry)] as const);
  return SOURCES.map((from) => {
    const own = entries.filter(([, entry]) => entry.from === from);
    return { from, values: Object.fromEntries(own.map(([name, { value }]) => [name, value])), nameOf: nameIn(file) };
  });
}

const nameIn =
  (file: string) =>
  (name: string): string =>
    `"${file}", ${name}`;

/** A setting as a file has it: with its source, or a plain value. */
function stored(entry: unknown): { value: unknown; from: SettingSource } {
  if (typeof entry !== "object" || entry === null || !("value" in entry)) return { value: entry, from: "file" };
  const from = "from" in entry ? SOURCES.find((source) => source === entry.from) : undefined;
  return { value: entry.value, from: from ?? "file" };
}

/** The settings in a JSON text, without the stages that a run's `config.json` lists behind them. */
function parseSettings(text: string, file: string): object {
  const { stages, ...settings } = parseObject(text, file) as { readonly stages?: unknown };
  return settings;
}

function parseObject(text: string, file: string): object {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    throw new UserError(`"${file}": expected JSON but ${messageOf(error)}.`, "Correct the file.", { cause: error });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UserError(
      `"${file}": expected an object of settings but got ${shownValue(content)}.`,
      "Correct the file.",
    );
  }
  return content;
}
