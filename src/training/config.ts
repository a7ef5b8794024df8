/** The settings of a training run: checked, with defaults, each with where it came from. */
import { availableParallelism } from "node:os";
import { z } from "zod";
import { ENGINE_NAMES } from "../engines/index.ts";
import { messageOf, UserError } from "../errors.ts";
import { findModel } from "../models/index.ts";
import { nearest } from "../nearest.ts";
import { OPTIMIZER_NAMES } from "../optim/optimizer.ts";
import { createSchedule, parseSchedule } from "../optim/schedule.ts";

const wholeFrom = (least: number) => z.number().int().min(least);
const number = z.number();

/** Each setting with its check, default, and what a person should give. */
const SETTINGS = {
  data: setting(z.string().min(1), "digits", "mnist, fashion-mnist, digits or a folder"),
  model: setting(z.string(), "mnist-cnn", "the name of a model"),
  epochs: setting(wholeFrom(1), 3, "a whole number of at least 1"),
  batchSize: setting(wholeFrom(1), 64, "a whole number of at least 1"),
  optimizer: setting(z.enum(OPTIMIZER_NAMES), "adam", OPTIMIZER_NAMES),
  learningRate: setting(number.positive().finite(), 0.001, "a number above 0"),
  momentum: setting(number.min(0).max(1), 0, "a number in 0..1"),
  weightDecay: setting(number.min(0).finite(), 0, "a number of at least 0"),
  schedule: setting(z.string(), "none", "a schedule"),
  shuffle: setting(z.boolean(), true, "true or false"),
  rawPixels: setting(z.boolean(), false, "true or false"),
  /** 0: no limit */
  maxSteps: setting(wholeFrom(0), 0, "a whole number of at least 0"),
  /** 0: only at the end of an epoch */
  evalEvery: setting(wholeFrom(0), 300, "a whole number of at least 0"),
  seed: setting(wholeFrom(0).max(2 ** 53 - 1), 0, "a whole number of at least 0"),
  workers: setting(wholeFrom(0).max(64), 0, "a whole number in 0..64"),
  threads: setting(wholeFrom(1).max(1024), availableParallelism(), "a whole number of at least 1"),
  engine: setting(z.enum(["auto", ...ENGINE_NAMES]), "auto", ["auto", ...ENGINE_NAMES]),
  precision: setting(z.enum(["fp32"]), "fp32", ["fp32"]),
};

function setting<Type extends z.ZodType>(type: Type, otherwise: z.infer<Type>, expected: string | readonly string[]) {
  return { type, otherwise, expected };
}

/** The settings of a run. */
export type TrainConfig = { readonly [Name in keyof typeof SETTINGS]: z.infer<(typeof SETTINGS)[Name]["type"]> };
/** Name of a setting. */
export type SettingName = keyof TrainConfig;

/** Names of all settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

const SOURCES = ["default", "file", "flag"] as const;
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
function checkTogether({ model, schedule, learningRate, epochs, optimizer, momentum }: TrainConfig): void {
  findModel(model);
  createSchedule(parseSchedule(schedule), { learningRate, epochs, stepsPerEpoch: 1 });
  if (momentum === 0 || optimizer === "sgd") return;
  throw new UserError(
    `momentum: expected 0, as ${optimizer} has no such setting, but got ${momentum}.`,
    "Take the optimizer sgd, or leave momentum out.",
  );
}

const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

function checked(name: SettingName, value: unknown, label: string): unknown {
  const { type, expected } = SETTINGS[name];
  const result = type.safeParse(value);
  if (result.success) return result.data;
  const forms = typeof expected === "string" ? expected : `one of ${expected.join(", ")}`;
  const likely = typeof expected === "string" ? undefined : nearest(String(value), expected);
  throw new UserError(
    `${label}: expected ${forms} but got ${typeof value === "number" ? value : JSON.stringify(value)}.`,
    likely ? `Did you mean "${likely}"?` : `Give another value, or leave it out for ${SETTINGS[name].otherwise}.`,
  );
}

function unknownSetting(name: string, nameOf: (name: SettingName) => string): UserError {
  const likely = nearest(name, SETTING_NAMES);
  return new UserError(
    `${nameOf(name as SettingName)}: expected the name of a setting but no setting is called so.`,
    likely ? `Did you mean "${likely}"?` : `The settings are ${SETTING_NAMES.join(", ")}.`,
  );
}

/** The values alone. */
export const configValues = (config: ResolvedConfig): TrainConfig =>
  Object.fromEntries(SETTING_NAMES.map((name) => [name, config[name].value])) as unknown as TrainConfig;

/** The settings in a JSON text: plain values, or a run's `config.json`, whose sources are left out. */
export function parseConfigFile(text: string, file: string): ConfigLayer {
  const values = Object.entries(parseObject(text, file)).map(([name, entry]) => [name, stored(entry).value]);
  return { from: "file", values: Object.fromEntries(values), nameOf: nameIn(file) };
}

/** The settings of a run's `config.json`, one layer for each source. */
export function parseRunConfig(text: string, file: string): ConfigLayer[] {
  const entries = Object.entries(parseObject(text, file)).map(([name, entry]) => [name, stored(entry)] as const);
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

function parseObject(text: string, file: string): object {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new UserError(`"${file}": expected JSON but ${messageOf(error)}.`, "Correct the file.", { cause: error });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UserError(
      `"${file}": expected an object of settings but got ${JSON.stringify(content)}.`,
      "Correct the file.",
    );
  }
  return content;
}
