import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import type { SettingName } from "../../training/index.ts";
import { FIXED_SETTINGS, flagOf } from "../../training/setting-flags.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption, tensorboardOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { suggestions } from "../suggestions.ts";
import { performRun, printRun } from "../train-run.ts";
import { settingsOf, type TrainingFlags, trainingOptions } from "../training-options.ts";

/** Settings without a flag here: what a run keeps to its end, what it began with, and an order that can only be kept. */
const KEPT: readonly SettingName[] = [...FIXED_SETTINGS, "weights", "shuffle"];

/** Flags that are no settings. */
interface OwnFlags {
  readonly unfreeze?: boolean;
  readonly from?: "best" | "last";
  readonly data?: string;
  readonly tensorboard?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

const HELP = `
Without other settings, or with more --epochs only, a run goes on exactly where it was. Anything that changes what a step
does (layers, rate, schedule, batches, augmentation, data) begins a new stage: from the best weights, with a new optimizer
and a schedule of its own that spans from there to the last of --epochs, which counts all epochs of the run. More epochs of a
cosine or one-cycle are a new stage too. The same command again, after Ctrl-C, goes on with that stage.
`;

/** Whether a run has all that is made at its end: the disk may have been full by then. */
async function isComplete(run: string): Promise<boolean> {
  const { PREDICTIONS_FILE, RUN_FILES } = await import("../../training/index.ts");
  const { hasRunPictures, REPORT_FILE } = await import("../../reports/index.ts");
  const files = [RUN_FILES.summary, PREDICTIONS_FILE, REPORT_FILE];
  return files.every((name) => existsSync(join(run, name))) && (await hasRunPictures(run));
}

/** `ocelli resume` */
export const resumeCommand = trainingOptions(
  new Command("resume")
    .description("Go on with a run exactly where it was stopped, for more epochs, or otherwise in a new stage")
    .argument("<run>", "a run folder")
    .option("--unfreeze", "train all layers from here on")
    .addOption(
      new Option("--from <weights>", "what a new stage begins with: best or last (default: best)").choices([
        "best",
        "last",
      ]),
    )
    .option("--force", "take a run that a process of another machine holds, if that is gone")
    .option("--data <place>", "the run's data where they are now; what changed is listed"),
  { without: KEPT, isResumed: true },
)
  .addOption(tensorboardOption)
  .addOption(jsonOption)
  .addHelpText("after", HELP)
  .addHelpText(
    "after",
    examples(
      "ocelli resume runs/digits-mnist-cnn-1",
      "ocelli resume runs/first --epochs 10",
      "ocelli resume runs/photos-resnet18-1 --unfreeze --lr 0.0002 --epochs 20",
      "ocelli resume runs/ants-and-bees --data moved/photos --bad-files skip --epochs 20",
    ),
  )
  .action(
    guarded(async (run, given) => {
      const { json, unfreeze, tensorboard, force, from, data: place, ...flags } = given as OwnFlags & TrainingFlags;
      if (unfreeze && flags.freeze !== undefined && flags.freeze !== "none")
        throw new UserError(
          `--unfreeze: expected no --freeze beside it but got --freeze ${String(flags.freeze)}.`,
          "Take one of the two.",
        );
      const { planResume } = await import("../../training/index.ts");
      const { loadRunData } = await import("../data.ts");
      const values = { ...(unfreeze && { freeze: "none" }), data: place, ...settingsOf(flags) };
      const plan = await planResume(run, { values, nameOf: flagOf, from, isComplete, load: loadRunData });
      const { config, data } = plan;
      const finished = await performRun({ plan, config, run, data, tensorboard, force });
      if (!finished) return;
      if (json) return printJson(finished.summary);
      printRun(finished);
      print(suggestions(finished.summary, config));
    }),
  );
