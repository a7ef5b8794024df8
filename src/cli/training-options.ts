/** The flags of training settings. */
import { type Command, Option } from "@commander-js/extra-typings";
import { lookup } from "../lookup.ts";
import { SETTING_FLAGS, type SettingFlag, takesNumber, turnsOff } from "../training/setting-flags.ts";
import type { SettingName } from "../training/settings.ts";
import { numeric, threadsOption, withoutDefault } from "./options.ts";

/** A number as a number, anything else as it is. */
const countOrAuto = (text: string): number | string => (text === "auto" ? text : numeric(text));

/** What the flags give: `shuffle`, `exif` and `tune` are `true` where `--no-shuffle`, `--no-exif` and `--no-tune` are not given. */
export type TrainingFlags = Readonly<Record<string, unknown>>;

const FLAGS = Object.entries(SETTING_FLAGS) as [SettingName, SettingFlag][];

/** Which flags a command has. */
interface FlagChoice {
  /** Settings that have none. */
  readonly without?: readonly SettingName[];
  /** Whether a run goes on, whose settings stay as they are by default. */
  readonly isResumed?: boolean;
}

/** The flag of a setting, whose value is read as the setting's kind wants it. */
function optionOf(name: SettingName, setting: SettingFlag, isResumed: boolean): Option {
  const { flag, value } = setting;
  const text = isResumed ? withoutDefault(setting.text) : setting.text;
  const option = new Option(value === undefined ? flag : `${flag} <${value}>`, text);
  if (name === "workers") return option.argParser<number | string>(countOrAuto);
  return takesNumber(setting) ? option.argParser<number | string>(numeric) : option;
}

/** Adds the flags of all settings to a command; the data set has none. */
export function trainingOptions<Args extends unknown[]>(
  command: Command<Args>,
  { without = [], isResumed = false }: FlagChoice = {},
): Command<Args, TrainingFlags> {
  for (const [name, flag] of FLAGS) {
    if (name === "data" || without.includes(name)) continue;
    command.addOption(name === "threads" ? threadsOption : optionOf(name, flag, isResumed));
  }
  return command as unknown as Command<Args, TrainingFlags>;
}

/** How commander calls the value of a flag: `unfreezeLr` of `--unfreeze-lr`, `shuffle` of `--no-shuffle`. */
const keyOf = (flag: string): string =>
  flag.replace(/^--(no-)?/, "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The settings that flags ask for, by the settings' names; undefined where a flag was not given. */
export function settingsOf(flags: TrainingFlags): Record<string, unknown> {
  const settings = FLAGS.map(([name, flag]) => {
    const value = lookup(flags, keyOf(flag.flag));
    return [name, turnsOff(flag) && value === true ? undefined : value] as const;
  });
  return Object.fromEntries(settings.filter(([name, value]) => name !== "data" && value !== undefined));
}
