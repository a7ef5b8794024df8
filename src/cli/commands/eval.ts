import { Command } from "@commander-js/extra-typings";
import type { EvaluationReport } from "../../training/index.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { engineOption, examples, jsonOption, numeric, threadsOption } from "../options.ts";
import { percent, print, printJson, table } from "../output.ts";

function printReport(report: EvaluationReport): void {
  const [low, high] = report.accuracyInterval;
  print(
    `accuracy ${percent(report.accuracy)} of ${report.count} images (95% interval ${percent(low)} to ${percent(high)})`,
  );
  print(
    `loss ${report.loss.toFixed(4)}${report.top5 === null ? "" : `, right class among the first five ${percent(report.top5)}`}\n`,
  );
  const rows = report.perClass.map((entry) => [
    entry.class,
    entry.count,
    ...[entry.precision, entry.recall, entry.f1].map(percent),
  ]);
  print(table([["class", "images", "precision", "recall", "F1"], ...rows]));
}

/** `ocelli eval` */
export const evalCommand = new Command("eval")
  .description("Measure a model on the validation images of a data set")
  .argument("<model>", "a run folder or a .pth file")
  .argument("<data>", "mnist, fashion-mnist, digits, or a folder of IDX files")
  .option("--model <name>", "the model of a bare state dict")
  .option("--batch-size <count>", "images at a time", numeric, 64)
  .option("--workers <count>", "threads that make batches", numeric, 0)
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples("ocelli eval runs/first mnist", "ocelli eval weights.pth mnist --model mnist-cnn --json"),
  )
  .action(
    guarded(async (path, data, { model: name, batchSize, workers, engine, threads, json }) => {
      const { checkClasses, loadModel, openModel, reportOf } = await import("../../training/index.ts");
      const { loadShown } = await import("../data.ts");
      const options = {
        engine,
        batchSize: wholeNumber("--batch-size", batchSize),
        threads: threads === undefined ? undefined : wholeNumber("--threads", threads),
      };
      const threadsOfData = wholeNumber("--workers", workers, 0);
      const model = await loadModel(path, { model: name });
      const { test } = await loadShown(data, { rawPixels: model.rawPixels });
      checkClasses(model, test);
      const trainer = await openModel(model, options);
      try {
        const report = reportOf(await trainer.evaluate(test, { workers: threadsOfData }), model.classes);
        if (json) printJson(report);
        else printReport(report);
      } finally {
        await trainer.close();
      }
    }),
  );
