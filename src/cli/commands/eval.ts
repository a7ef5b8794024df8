import { Command, Option } from "@commander-js/extra-typings";
import type { Evaluation, EvaluationReport } from "../../training/index.ts";
import { noteFallback } from "../fallback.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import {
  emaWeightsOption,
  engineOption,
  examples,
  jsonOption,
  numeric,
  threadsOption,
  transformInputOption,
} from "../options.ts";
import { interval, note, percent, print, printJson, table } from "../output.ts";

function printReport(report: EvaluationReport): void {
  const { accuracy, accuracyInterval, count, loss, top5, top5Interval } = report;
  print(`accuracy ${percent(accuracy)} of ${count} images ${interval(accuracyInterval)}`);
  if (top5 !== null && top5Interval !== null)
    print(`right class among the first five ${percent(top5)} ${interval(top5Interval)}`);
  print(`loss ${loss.toFixed(4)}\n`);
  const rows = report.perClass.map((entry) => [
    entry.class,
    entry.count,
    ...[entry.precision, entry.recall, entry.f1].map(percent),
  ]);
  print(table([["class", "images", "precision", "recall", "F1"], ...rows]));
}

const splitOption = new Option("--split <part>", "val, train or all images, none of them augmented")
  .choices(["val", "train", "all"])
  .default("val" as const);

/** `ocelli eval` */
export const evalCommand = new Command("eval")
  .description("Measure a model on the validation images of a data set, or on all of them")
  .argument("<model>", "a run folder, a .pth file or an exported .onnx file")
  .argument("<data>", "mnist, fashion-mnist, digits, a folder of IDX files, or photos")
  .option("--model <name>", "the model of a bare state dict")
  .addOption(emaWeightsOption)
  .addOption(transformInputOption)
  .addOption(splitOption)
  .option("--batch-size <count>", "images at a time", numeric, 64)
  .option("--workers <count>", "threads that make batches (default: one per core for photos)", numeric)
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli eval runs/first mnist",
      "ocelli eval weights.pth mnist --model mnist-cnn --json",
      "ocelli eval runs/ants-and-bees photos/",
    ),
  )
  .action(
    guarded(async (path, data, { model: name, split, batchSize, workers, engine, threads, json, ...given }) => {
      const { emaWeights, transformInput } = given;
      const { checkClasses, joinEvaluations, reportOf, workersOf } = await import("../../training/index.ts");
      const { loadClassifier } = await import("../../export/index.ts");
      const { loadFor } = await import("../data.ts");
      const options = {
        engine,
        batchSize: wholeNumber("--batch-size", batchSize),
        threads: threads === undefined ? undefined : wholeNumber("--threads", threads),
      };
      const threadsGiven = workers === undefined ? "auto" : wholeNumber("--workers", workers, 0);
      const { model, network, open } = await loadClassifier(path, { model: name, emaWeights, transformInput });
      for (const text of network?.notes ?? []) note(text);
      const loaded = await loadFor(data, model.input);
      for (const text of loaded.notes ?? []) note(text);
      const { train, test } = loaded;
      const sets = { val: [test], train: [train], all: [train, test] }[split];
      checkClasses(model, test);
      if (network) await noteFallback(engine);
      const classifier = await open({ ...options, transfer: true });
      try {
        const parts: Evaluation[] = [];
        for (const set of sets)
          parts.push(await classifier.evaluate(set, { workers: workersOf({ workers: threadsGiven }, loaded) }));
        const report = reportOf(joinEvaluations(parts), model.classes);
        if (json) printJson(report);
        else printReport(report);
      } finally {
        await classifier.close();
      }
    }),
  );
