import { availableParallelism } from "node:os";
import { Command, Option } from "@commander-js/extra-typings";
import type { Dataset } from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import type { Augmentation } from "../../image/index.ts";
import { nearest } from "../../nearest.ts";
import { noteFallback } from "../fallback.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { augmentOption, engineOption, examples, jsonOption, numeric, threadsOption } from "../options.ts";
import { print, printJson } from "../output.ts";

function chosen<Name extends string>(flag: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found) return found;
  const likely = nearest(given, names);
  throw new UserError(
    `${flag}: expected one of ${names.join(", ")} but got "${given}".`,
    likely ? `Did you mean "${likely}"?` : "Name one of them.",
  );
}

async function trainingPart(data: string, augmentation: Augmentation, keepDecoded: boolean): Promise<Dataset> {
  const { photoPreparations } = await import("../../data/index.ts");
  const { loadShown } = await import("../data.ts");
  const photos = {
    preparation: photoPreparations({ augmentation }),
    keepDecoded: keepDecoded ? (["train"] as const) : [],
  };
  return (await loadShown(data, { photos })).train;
}

/** `ocelli bench` */
export const benchCommand = new Command("bench")
  .description("Measure training steps, forward passes or data loading")
  .option("--model <name>", "a name of `ocelli models`", "mnist-cnn")
  .option("--job <name>", "train, eval or data", "train")
  .option("--batch-size <count>", "images of a step", numeric, 64)
  .option("--steps <count>", "steps that are measured", numeric, 200)
  .option("--optimizer <name>", "sgd (momentum 0.9), adam or adamw, for the job train", "adam")
  .option("--weights <file>", "none, imagenet or a file", "none")
  .option("--freeze <part>", "none, backbone, or the layer up to which nothing is trained", "none")
  .option("--workers <count>", "threads that make batches, for the job data", numeric, 0)
  .option("--data <name>", "the data set of the job data: as `ocelli train` takes it", "digits")
  .addOption(augmentOption)
  .addOption(
    new Option("--cache <place>", "for the job data: keep decoded photos").choices(["ram", "none"]).default("none"),
  )
  .option("--precision <name>", "fp32, or bf16 on the onednn engine", "fp32")
  .option("--no-tune", "do not measure which algorithm of the onnx engine is fastest for each convolution")
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli bench",
      "ocelli bench --job eval --batch-size 256 --threads 1 --json",
      "ocelli bench --model resnet18 --optimizer sgd --freeze backbone --batch-size 16 --steps 20",
      "ocelli bench --job data --data photos --augment seed --workers 2 --batch-size 32",
    ),
  )
  .action(
    guarded(async ({ data, augment, cache, json, ...options }) => {
      const { BENCH_JOBS, bench } = await import("../../training/index.ts");
      const { PRECISIONS } = await import("../../engines/index.ts");
      const { OPTIMIZER_NAMES } = await import("../../optim/optimizer.ts");
      if (options.job !== "data") await noteFallback(options.engine);
      const result = await bench({
        ...options,
        job: chosen("--job", options.job, BENCH_JOBS),
        precision: chosen("--precision", options.precision, PRECISIONS),
        optimizer: chosen("--optimizer", options.optimizer, OPTIMIZER_NAMES),
        batchSize: wholeNumber("--batch-size", options.batchSize),
        steps: wholeNumber("--steps", options.steps),
        workers: wholeNumber("--workers", options.workers, 0),
        threads: options.threads === undefined ? availableParallelism() : wholeNumber("--threads", options.threads),
        dataset: () => trainingPart(data, augment, cache === "ram"),
      });
      if (json) return printJson(result);
      for (const [name, value] of Object.entries(result)) print(`${name.padEnd(16)} ${value}`);
    }),
  );
