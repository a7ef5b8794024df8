import { Command } from "@commander-js/extra-typings";
import { flagOf } from "../../training/setting-flags.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption, numeric, tensorboardOption, threadsOption } from "../options.ts";
import { printJson } from "../output.ts";
import { performRun, printRun } from "../train-run.ts";

/** `ocelli resume` */
export const resumeCommand = new Command("resume")
  .description("Go on with a run exactly where it was stopped, or for more epochs")
  .argument("<run>", "a run folder")
  .option("--unfreeze", "train all layers from here on")
  .option("--freeze <layers>", "freeze other layers from here on: none, backbone or a layer")
  .option("--epochs <count>", "epochs of the whole run", numeric)
  .option("--lr <rate>", "another learning rate from here on", numeric)
  .option("--max-steps <count>", "stop after so many steps of the whole run; 0 for no limit", numeric)
  .option("--workers <count>", "threads that make batches", numeric)
  .addOption(threadsOption)
  .addOption(tensorboardOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli resume runs/digits-mnist-cnn-1",
      "ocelli resume runs/first --epochs 10",
      "ocelli resume runs/photos-resnet18-1 --unfreeze --lr 0.0002 --epochs 20",
    ),
  )
  .action(
    guarded(async (run, { json, lr, unfreeze, tensorboard, ...flags }) => {
      const { readRunConfig } = await import("../../training/index.ts");
      const { loadRunData } = await import("../data.ts");
      const config = await readRunConfig(run, [
        {
          from: "flag",
          values: {
            learningRate: lr,
            ...flags,
            ...(unfreeze && { freeze: "none", unfreezeAt: 0, unfreezeLearningRate: 0 }),
          },
          nameOf: flagOf,
        },
      ]);
      const data = await loadRunData(config, run);
      const finished = await performRun({ kind: "resume", config, run, data, tensorboard });
      if (!finished) return;
      if (json) printJson(finished.summary);
      else printRun(finished);
    }),
  );
