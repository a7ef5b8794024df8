/** Options that several commands share, and how their texts become values. */
import { Option } from "@commander-js/extra-typings";
import { AUGMENTATIONS } from "../image/augmentation-names.ts";
import { SETTING_FLAGS } from "../training/setting-flags.ts";

/** A number, or the text itself where it is none, for the settings' check to word the error. */
export const numeric = (text: string): number | string =>
  text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);

/** What help says of a setting, without the default that training has for it. */
export const withoutDefault = (text: string): string => text.replace(/ ?\(default: .*\)$/, "");

/** `--json` */
export const jsonOption = new Option("--json", "print one JSON object on standard output, progress on standard error");

const { emaWeights, transformInput, transpose } = SETTING_FLAGS;

/** `--ema-weights`: of files of others. */
export const emaWeightsOption = new Option("--ema-weights", emaWeights.text);

/** `--transform-input`: of files that do not say it. */
export const transformInputOption = new Option("--transform-input <form>", withoutDefault(transformInput.text))
  .choices(["auto", "yes", "no"])
  .default("auto" as const);

/** `--transpose`: of folders of IDX files. */
export const transposeOption = new Option("--transpose", transpose.text);

/** `--engine` */
export const engineOption = new Option("--engine <name>", "auto, onnx, onednn or reference").default("auto");

/** `--threads`: the cores by default. */
export const threadsOption = new Option("--threads <count>", "threads that compute (default: all cores)").argParser(
  numeric,
);

/** `--augment`: of photos. */
export const augmentOption = new Option("--augment <name>", "how photos are changed by chance")
  .choices(AUGMENTATIONS)
  .default("standard" as const);

/** `--tensorboard` */
export const tensorboardOption = new Option("--tensorboard", "also write event files that TensorBoard shows");

/** Lines of examples under a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
