import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { WeightsPlace } from "../../checkpoint/index.ts";
import { messageOf, UserError } from "../../errors.ts";
import type { ResolvedConfig } from "../../training/index.ts";
import { flagOf } from "../../training/setting-flags.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption, tensorboardOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { ownCommand } from "../shell.ts";
import { suggestions } from "../suggestions.ts";
import { performRun, printRun } from "../train-run.ts";
import { settingsOf, type TrainingFlags, trainingOptions } from "../training-options.ts";

async function readConfigFile(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new UserError(
      `"${file}": expected a file of settings but ${missing ? "there is no such file" : messageOf(error)}.`,
      "Check the path of --config.",
      { cause: error },
    );
  });
}

interface Layers {
  readonly data: string | undefined;
  readonly recipe: string | undefined;
  readonly configFile: string | undefined;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The settings of a run: those of a recipe under those of a file under those of flags. Photos have a recipe by themselves. */
async function configOf({ data, recipe, configFile, flags }: Layers): Promise<ResolvedConfig> {
  const { findRecipe, parseConfigFile, resolveConfig, usualRecipe } = await import("../../training/index.ts");
  const file = configFile === undefined ? [] : [parseConfigFile(await readConfigFile(configFile), configFile)];
  const named = data ?? file[0]?.values.data;
  const found = recipe ?? (typeof named === "string" ? await usualRecipe(named) : undefined);
  const base = found === undefined ? [] : [{ from: "recipe", values: findRecipe(found).settings } as const];
  return resolveConfig([...base, ...file, { from: "flag", values: { data, ...flags }, nameOf: flagOf }]);
}

/** Prints the settings as training would take them, and where official weights would come from. */
async function printSettings(given: ResolvedConfig, json: boolean | undefined): Promise<void> {
  const { foreseeWeights } = await import("../../training/index.ts");
  const { config, place } = await foreseeWeights(given);
  if (json) return printJson(place ? { ...config, weights: { ...config.weights, place } } : config);
  const entries = Object.entries(config);
  const width = Math.max(...entries.map(([name]) => name.length));
  for (const [name, { value, from }] of entries) {
    const about = name === "weights" && place ? ` (${placeText(place)})` : "";
    print(`${name.padEnd(width)}  ${String(value).padEnd(12)} ${from}${about}`);
  }
}

function placeText(place: WeightsPlace): string {
  if ("path" in place) return `in the cache: ${place.path}`;
  return "reason" in place ? `not available: ${place.reason}` : `to be fetched from ${place.url}`;
}

/** Says with which commands a person gets on whose photos cannot begin with official weights. */
async function withCommands(error: unknown): Promise<never> {
  const { WeightsOutOfReach } = await import("../../training/index.ts");
  if (!(error instanceof WeightsOutOfReach)) throw error;
  const [file, none] = ["FILE", "none"].map((weights) => ownCommand(["--weights", weights]));
  const hint = `With a file of weights, such as one fetched from ${error.url}: ${file} · or from scratch: ${none}`;
  throw new UserError(error.message, hint, { cause: error });
}

/** Flags that are no settings. */
interface OwnFlags {
  readonly out?: string;
  readonly config?: string;
  readonly recipe?: string;
  readonly dryRun?: boolean;
  readonly tensorboard?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `ocelli train` */
export const trainCommand = trainingOptions(
  new Command("train")
    .description("Train a classifier; writes a run folder with weights, figures and pictures")
    .argument("[data]", "mnist, fashion-mnist, digits, a folder of IDX files, or photos (default: digits)"),
)
  .option("--out <folder>", "the run folder (default: the next free runs/DATA-MODEL-N)")
  .option(
    "--force",
    "take a folder of a run that had not begun and that a process of another machine holds, if that is gone",
  )
  .option("--config <file>", "settings as JSON, such as another run's config.json; flags win over it")
  .option(
    "--recipe <name>",
    "settings that belong together: mnist, photos, tutorial or seed; files and flags win over it",
  )
  .option("--dry-run", "print the settings and where each came from, and train nothing")
  .addOption(tensorboardOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli train digits",
      "ocelli train mnist --epochs 3 --out runs/first",
      "ocelli train photos --model resnet18 --weights imagenet --freeze backbone",
      "ocelli train photos --weights imagenet --freeze backbone --unfreeze-at 5 --unfreeze-lr 0.0001",
    ),
  )
  .action(
    guarded(async (data, given) => {
      const {
        out,
        config: configFile,
        recipe,
        dryRun,
        tensorboard,
        force,
        json,
        ...flags
      } = given as OwnFlags & TrainingFlags;
      const { checkRunFolder, freeRunFolder } = await import("../../training/index.ts");
      const config = await configOf({ data, recipe, configFile, flags: settingsOf(flags) });
      if (dryRun) return printSettings(config, json);
      const { loadRunData } = await import("../data.ts");
      const name = basename(resolve(config.data.value));
      const run = out ?? (await freeRunFolder("runs", `${name}-${config.model.value}`));
      await checkRunFolder(run);
      const loaded = await loadRunData(config);
      const finished = await performRun({ config, run, data: loaded, tensorboard, force }).catch(withCommands);
      if (!finished) return;
      if (json) printJson(finished.summary);
      else {
        printRun(finished);
        print(suggestions(finished.summary, config));
      }
    }),
  );
