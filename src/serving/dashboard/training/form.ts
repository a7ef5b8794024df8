/** The form for a new run: its fields, and what is wrong with what was filled in. */
import { stat } from "node:fs/promises";
import { DATA_NAMES, findPhotos, namesPhotos } from "../../../data/index.ts";
import { UserError } from "../../../errors.ts";
import { findModel, MODELS } from "../../../models/index.ts";
import {
  type ConfigLayer,
  findRecipe,
  flagOf,
  resolveConfig,
  SETTING_NAMES,
  SETTINGS,
  settingFaults,
  usualRecipe,
  withKnownWeights,
} from "../../../training/index.ts";
import type { SettingField, TrainCheck } from "../api.ts";
import { describedSetting, describedSettings, measureOf } from "../settings.ts";

/** Settings that were filled in. */
export type Values = Readonly<Record<string, unknown>>;

const TEXTS = new Set(["workers"]);

/** All settings as fields. */
export const FIELDS: readonly SettingField[] = SETTING_NAMES.map((name) => {
  const { expected, otherwise } = SETTINGS[name];
  const choices = typeof expected === "string" ? null : [...expected];
  const kinds = { boolean: "switch", number: "number" } as const;
  const kind = choices ? "choice" : TEXTS.has(name) ? "text" : (kinds[typeof otherwise as "boolean"] ?? "text");
  return {
    name,
    ...describedSetting(name),
    unit: measureOf(name),
    kind,
    choices,
    expected: typeof expected === "string" ? expected : `one of ${expected.join(", ")}`,
  };
});

/** Names of all models. */
export const MODEL_NAMES: readonly string[] = MODELS.map(({ name }) => name);

async function layersOf(values: Values): Promise<ConfigLayer[]> {
  const recipe = typeof values.data === "string" ? await usualRecipe(values.data) : undefined;
  const base = recipe === undefined ? [] : [{ from: "recipe", values: findRecipe(recipe).settings } as const];
  return [...base, { from: "flag", values }];
}

/** What is wrong with the data set, as far as can be seen without opening photos. */
async function dataFaults(data: unknown): Promise<TrainCheck["faults"]> {
  if (typeof data !== "string" || data === "") {
    return [
      { setting: "data", message: "data: expected a data set.", hint: "Give a folder of photos, or digits to try." },
    ];
  }
  if ((DATA_NAMES as readonly string[]).includes(data)) return [];
  try {
    if (await namesPhotos(data)) await findPhotos(data);
    else if (!(await stat(data).catch(() => undefined))) throw nowhere(data);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ setting: "data", message: error.message, hint: error.hint }];
  }
}

const nowhere = (data: string): UserError =>
  new UserError(
    `data "${data}": expected ${DATA_NAMES.join(", ")} or a folder but there is no such name or folder.`,
    "Check the path; a relative one begins where the dashboard was started.",
  );

/** What is wrong with the model's name, which the settings' own check leaves open. */
function modelFaults(model: unknown): TrainCheck["faults"] {
  try {
    if (typeof model === "string") findModel(model);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ setting: "model", message: error.message, hint: error.hint }];
  }
}

/** A fault that calls its setting by the flag, as the form does. */
function byFlag({ setting, message, hint }: TrainCheck["faults"][number]): TrainCheck["faults"][number] {
  const isNamed = setting !== null && message.startsWith(`${setting}:`);
  return { setting, hint, message: isNamed ? `${flagOf(setting)}${message.slice(setting.length)}` : message };
}

/** All that is wrong with what was filled in, and the settings that the rest of it makes. */
export async function checkTraining(values: Values): Promise<TrainCheck> {
  const layers = await layersOf(values);
  const own = [...(await dataFaults(values.data)), ...modelFaults(values.model)];
  const unfit = settingFaults(layers);
  const faults = [...own, ...unfit.filter(({ setting }) => !own.some((fault) => fault.setting === setting))].map(
    byFlag,
  );
  const right = Object.entries(values).filter(([name]) => !faults.some(({ setting }) => setting === name));
  return { faults, settings: await settingsOf(Object.fromEntries(right)) };
}

/** The settings as training would take them; none if that cannot be told. */
async function settingsOf(values: Values): Promise<TrainCheck["settings"]> {
  const layers = await layersOf(values);
  if (0 < settingFaults(layers).length) return [];
  const arePhotos = typeof values.data === "string" && (await namesPhotos(values.data));
  return describedSettings(withKnownWeights(resolveConfig(layers), arePhotos));
}
