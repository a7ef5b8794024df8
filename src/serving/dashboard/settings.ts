/** Settings as the page shows them: by their flags, with the text and the unit of each. */

import { lookup } from "../../lookup.ts";
import { SETTING_FLAGS, type SettingFlag } from "../../training/index.ts";
import type { Setting } from "./api.ts";

const flags: Readonly<Record<string, SettingFlag>> = SETTING_FLAGS;

/** What people are told of a setting; of one that this version does not know its name alone. */
export function describedSetting(name: string): Pick<Setting, "flag" | "text" | "unit"> {
  const known = lookup(flags, name);
  return { flag: known?.flag ?? name, text: known?.text ?? "", unit: known?.unit ?? null };
}

/** What stands beside the field of a setting: its unit, or between which numbers it lies. */
export const measureOf = (name: string): string | null =>
  lookup(flags, name)?.unit ?? lookup(flags, name)?.range ?? null;

/** Settings with what people are told of them. */
export const describedSettings = (
  settings: Readonly<Record<string, { readonly value: unknown; readonly from: string }>>,
): Setting[] =>
  Object.entries(settings).map(([name, { value, from }]) => ({ name, ...describedSetting(name), value, from }));
