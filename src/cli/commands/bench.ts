import { availableParallelism } from "node:os";
import { Command } from "@commander-js/extra-typings";
import type { Dataset } from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import type { Augmentation } from "../../image/index.ts";
import { nearest } from "../../nearest.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { augmentOption, engineOption, examples, jsonOption, numeric, threadsOption } from "../options.ts";
import { print, printJson } from "../output.ts";

function checkedJob<Job extends string>(job: string, jobs: readonly Job[]): Job {
  const found = jobs.find((name) => name === job);
  if (found) return found;
  const likely = nearest(job, jobs);
  throw new UserError(
    `--job: expected one of ${jobs.join(", ")} but got "${job}".`,
    likely ? `Did you mean "${likely}"?` : "Name one of them.",
  );
}

async function trainingPart(data: string, augmentation: Augmentation): Promise<Dataset> {
  const { photoPreparations } = await import("../../data/index.ts");
  const { loadShown } = await import("../data.ts");
  const photos = { preparation: photoPreparations({ augmentation }) };
  return (await loadShown(data, { photos })).train;
}

/** `ocelli bench` */
export const benchCommand = new Command("bench")
  .description("Measure training steps, forward passes or data loading")
  .option("--model <name>", "a name of `ocelli models`", "mnist-cnn")
  .option("--job <name>", "train, eval or data", "train")
  .option("--batch-size <count>", "images of a step", numeric, 64)
  .option("--steps <count>", "steps that are measured", numeric, 200)
  .option("--workers <count>", "threads that make batches, for the job data", numeric, 0)
  .option("--data <name>", "the data set of the job data: as `ocelli train` takes it", "digits")
  .addOption(augmentOption)
  .option("--precision <name>", "fp32", "fp32")
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli bench",
      "ocelli bench --job eval --batch-size 256 --threads 1 --json",
      "ocelli bench --job data --data photos --augment seed --workers 2 --batch-size 32",
    ),
  )
  .action(
    guarded(async ({ data, augment, json, precision, ...options }) => {
      const { BENCH_JOBS, bench } = await import("../../training/index.ts");
      if (precision !== "fp32")
        throw new UserError(`--precision: expected fp32 but got "${precision}".`, "Leave it out.");
      const result = await bench({
        ...options,
        job: checkedJob(options.job, BENCH_JOBS),
        batchSize: wholeNumber("--batch-size", options.batchSize),
        steps: wholeNumber("--steps", options.steps),
        workers: wholeNumber("--workers", options.workers, 0),
        threads: options.threads === undefined ? availableParallelism() : wholeNumber("--threads", options.threads),
        dataset: () => trainingPart(data, augment),
      });
      if (json) return printJson(result);
      for (const [name, value] of Object.entries(result)) print(`${name.padEnd(16)} ${value}`);
    }),
  );
