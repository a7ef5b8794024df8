import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { messageOf, UserError } from "../../errors.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption, numeric, threadsOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { performRun, printRun } from "../train-run.ts";

/** How settings are called on the command line, where it is not their name in kebab-case. */
const FLAGS: Readonly<Record<string, string>> = { data: "DATA", learningRate: "--lr" };

/** The flag of a setting: `--batch-size` of `batchSize`. */
export const flagOf = (setting: string): string =>
  FLAGS[setting] ?? `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

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

/** `ocelli train` */
export const trainCommand = new Command("train")
  .description("Train a classifier; writes a run folder with weights, figures and pictures")
  .argument("[data]", "mnist, fashion-mnist, digits, or a folder of IDX files (default: digits)")
  .option("--model <name>", "a name of `ocelli models` (default: mnist-cnn)")
  .option("--epochs <count>", "passes over the training images (default: 3)", numeric)
  .option("--batch-size <count>", "images of a step (default: 64)", numeric)
  .option("--optimizer <name>", "sgd, adam or adamw (default: adam)")
  .option("--lr <rate>", "learning rate (default: 0.001)", numeric)
  .option("--momentum <share>", "of sgd (default: 0)", numeric)
  .option("--weight-decay <rate>", "(default: 0)", numeric)
  .option(
    "--schedule <form>",
    "none, step:7:0.1, multistep:3,6:0.1, cosine, onecycle, plateau, warmup:1+cosine (default: none)",
  )
  .option("--no-shuffle", "take the images in the order of the data set")
  .option("--raw-pixels", "give pixels as 0..255 and not as 0..1")
  .option("--max-steps <count>", "stop after so many steps", numeric)
  .option("--eval-every <steps>", "evaluate also within an epoch; 0 for never (default: 300)", numeric)
  .option("--seed <number>", "of weights, order and dropout (default: 0)", numeric)
  .option("--workers <count>", "threads that make batches (default: 0, the main thread)", numeric)
  .addOption(threadsOption)
  .option("--engine <name>", "auto, onnx or reference (default: auto)")
  .option("--precision <name>", "fp32 (default: fp32)")
  .option("--out <folder>", "the run folder (default: the next free runs/DATA-MODEL-N)")
  .option("--config <file>", "settings as JSON, such as another run's config.json; flags win over it")
  .option("--dry-run", "print the settings and where each came from, and train nothing")
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli train digits",
      "ocelli train mnist --epochs 3 --out runs/first",
      "ocelli train mnist --optimizer sgd --lr 0.05 --momentum 0.9 --schedule cosine",
    ),
  )
  .action(
    guarded(async (data, { out, config: configFile, dryRun, json, lr, shuffle, ...flags }) => {
      const { checkRunFolder, freeRunFolder, parseConfigFile, resolveConfig } = await import("../../training/index.ts");
      const file = configFile === undefined ? [] : [parseConfigFile(await readConfigFile(configFile), configFile)];
      const values = { data, learningRate: lr, ...(shuffle ? {} : { shuffle }), ...flags };
      const config = resolveConfig([...file, { from: "flag", values, nameOf: flagOf }]);
      if (dryRun) {
        if (json) printJson(config);
        else
          for (const [name, { value, from }] of Object.entries(config))
            print(`${name.padEnd(14)} ${String(value).padEnd(12)} ${from}`);
        return;
      }
      const { loadRunData } = await import("../data.ts");
      const name = basename(resolve(config.data.value));
      const run = out ?? (await freeRunFolder("runs", `${name}-${config.model.value}`));
      await checkRunFolder(run);
      const finished = await performRun({ kind: "train", config, run, data: await loadRunData(config) });
      if (!finished) return;
      if (json) printJson(finished.summary);
      else {
        printRun(finished);
        const more =
          finished.summary.epochs < config.epochs.value ? "--max-steps 0" : `--epochs ${config.epochs.value + 2}`;
        print(
          `try next  ocelli eval ${run} ${config.data.value} · ocelli predict ${run} IMAGE… · ocelli resume ${run} ${more}`,
        );
      }
    }),
  );
