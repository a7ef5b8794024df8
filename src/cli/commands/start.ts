/** The main job from one command: train, evaluate, draw, predict, and say what to try next. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { IdxData } from "../../data/index.ts";
import { messageOf } from "../../errors.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption, numeric } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { performRun, printRun } from "../train-run.ts";
import { predictFiles } from "./predict.ts";

/** How long a server may take to answer before the main job takes data that needs no network. */
const NETWORK_PATIENCE = 4000;
const SAMPLES = 4;
const DEFAULT_EPOCHS = 3;

/** MNIST where it can be had, else digits; says which and why. */
async function findData(): Promise<{ name: string; data: IdxData }> {
  const { loadDigits, loadMnist } = await import("../../data/index.ts");
  try {
    return { name: "mnist", data: await loadMnist({ networkTimeoutMs: NETWORK_PATIENCE }) };
  } catch (error) {
    note(`MNIST is not on this machine. ${messageOf(error)}`);
    note("Taking digits instead, which ocelli draws itself.\n");
    return { name: "digits", data: loadDigits() };
  }
}

/** Writes the first validation images as picture files, named after their class. */
async function writeSamples(run: string, { test }: IdxData): Promise<string[]> {
  const { samplesOf } = await import("../../reports/index.ts");
  const { encodePng } = await import("../../image/index.ts");
  const { writeFileAtomic } = await import("../../atomic-file.ts");
  await mkdir(join(run, "samples"), { recursive: true });
  const indices = Array.from({ length: SAMPLES }, (_, index) => index);
  const samples = await samplesOf(test, indices);
  return Promise.all(
    samples.map(async ({ image, label }, index) => {
      const path = join(run, "samples", `${index}-is-${test.classes[label]}.png`);
      await writeFileAtomic(path, await encodePng(image));
      return path;
    }),
  );
}

/** `ocelli start` */
export const startCommand = new Command("start")
  .description("The main job in one go: train a digit classifier, evaluate it, draw pictures, predict")
  .option("--epochs <count>", "passes over the training images", numeric, DEFAULT_EPOCHS)
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli start", "npm start"))
  .action(
    guarded(async ({ epochs, json }) => {
      const { freeRunFolder, loadModel, openModel, resolveConfig } = await import("../../training/index.ts");
      const { name, data } = await findData();
      const config = resolveConfig([
        { from: "flag", values: { data: name, epochs }, nameOf: (setting) => `--${setting}` },
      ]);
      const run = await freeRunFolder("runs", `${name}-mnist-cnn`);
      const finished = await performRun({ config, run, data });
      if (!finished) return;
      if (json) return printJson(finished.summary);
      print("");
      printRun(finished);
      print("\npredictions for a few validation images:");
      const model = await loadModel(run);
      const trainer = await openModel(model, { batchSize: 1 });
      await predictFiles(await writeSamples(run, data), { model, classifier: trainer, top: 3 }).finally(() =>
        trainer.close(),
      );
      const next = [
        [`npx ocelli resume ${run} --epochs ${Number(epochs) + 2}`, "train for longer"],
        [`npx ocelli eval ${run} ${name}`, "figures for each class"],
        [`npx ocelli predict ${run} ${join(run, "samples")}`, "your own 28×28 pictures"],
        ["npx ocelli train --help", "every setting"],
      ] as const;
      const width = Math.max(...next.map(([command]) => command.length));
      print(`\ntry next\n${next.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`).join("\n")}`);
    }),
  );
