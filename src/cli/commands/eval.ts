import { Command, Option } from "@commander-js/extra-typings";
import type { Classifier, LoadedClassifier } from "../../export/index.ts";
import type { ClassMatch, ClassOrder, Evaluation } from "../../training/index.ts";
import { checkAnswersFile, fileAnswers, writeAnswers } from "../answers-file.ts";
import { absentNote, confusionText, reportText } from "../evaluation-text.ts";
import { noteFallback } from "../fallback.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { type MeasuredData, measuredData, SPLITS } from "../measured-data.ts";
import {
  emaWeightsOption,
  engineOption,
  examples,
  jsonOption,
  numeric,
  threadsOption,
  transformInputOption,
} from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { progressLine } from "../progress-line.ts";

const splitOption = new Option(
  "--split <part>",
  "val, train, test or all images, none of them augmented (default: val, or all photos where none are set aside)",
).choices(SPLITS);

const orderOption = new Option(
  "--class-order <order>",
  "of a model without names of classes on folders called 0, 1, 2, …: their number, or text as ImageFolder sorts them",
).choices(["number", "text"]);

/** What is asked of the classifier. */
interface EvaluationRun {
  readonly model: LoadedClassifier["model"];
  readonly classifier: Classifier;
  readonly measured: MeasuredData;
  readonly workers: number;
  readonly matches: readonly ClassMatch[];
}

/** The answers to all sets with the model's outputs for labels, and the classes that these are. */
async function evaluateSets({ model, classifier, measured, workers, matches }: EvaluationRun) {
  const { decideMatch, joinEvaluations, labelledByOutputs } = await import("../../training/index.ts");
  const { sets } = measured;
  const progress = progressLine(
    "evaluating",
    sets.reduce((sum, set) => sum + set.length, 0),
  );
  const parts: Evaluation[] = [];
  try {
    for (const set of sets) {
      const before = parts.reduce((sum, part) => sum + part.count, 0);
      parts.push(await classifier.evaluate(set, { workers, onProgress: (done) => progress.show(before + done) }));
    }
  } finally {
    progress.end();
  }
  const whole = joinEvaluations(parts);
  const match = decideMatch(matches, whole, model);
  return { match, evaluation: labelledByOutputs(whole, match) };
}

/** The answer to each image, in the order in which they were measured. */
async function answersOf({ data, sets }: MeasuredData, evaluation: Evaluation, classes: readonly string[]) {
  const { sampleNames } = await import("../../training/index.ts");
  const root = "root" in data ? String(data.root) : undefined;
  const files = sets.flatMap((test) => sampleNames({ test }, root));
  return fileAnswers(files, evaluation, classes);
}

/** `ocelli eval` */
export const evalCommand = new Command("eval")
  .description("Measure a model on the validation images of a data set, or on all of them")
  .argument("<model>", "a run folder, a .pth file or an exported .onnx file")
  .argument("<data>", "mnist, fashion-mnist, digits, a folder of IDX files, or photos")
  .option("--model <name>", "the model of a bare state dict")
  .addOption(emaWeightsOption)
  .addOption(transformInputOption)
  .addOption(splitOption)
  .addOption(orderOption)
  .option("--confusion", "also print who is taken for whom")
  .option("--predictions <file>", "write the answer to each image as .csv or .jsonl")
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
      "ocelli eval runs/ants-and-bees photos/ --confusion --predictions answers.csv",
    ),
  )
  .action(
    guarded(async (path, data, { model: name, split, classOrder, batchSize, workers, engine, threads, ...output }) => {
      const { possibleMatches, reportOf, workersOf } = await import("../../training/index.ts");
      const { loadClassifier } = await import("../../export/index.ts");
      const options = {
        engine,
        batchSize: wholeNumber("--batch-size", batchSize),
        threads: threads === undefined ? undefined : wholeNumber("--threads", threads),
      };
      const given = workers === undefined ? "auto" : wholeNumber("--workers", workers, 0);
      const { predictions } = output;
      if (predictions !== undefined) await checkAnswersFile(predictions);
      const { emaWeights, transformInput } = output;
      const { model, network, open } = await loadClassifier(path, { model: name, emaWeights, transformInput });
      for (const text of network?.notes ?? []) note(text);
      const measured = await measuredData(data, { path, model, split });
      const matches = possibleMatches(model, measured.data.test.classes, classOrder as ClassOrder | undefined);
      for (const text of [...(measured.data.notes ?? []), ...measured.notes]) note(text);
      if (network) await noteFallback(engine);
      const classifier = await open({ ...options, transfer: true });
      try {
        const run = { model, classifier, measured, workers: workersOf({ workers: given }, measured.data), matches };
        const { match, evaluation } = await evaluateSets(run);
        const report = reportOf(evaluation, match.classes);
        const notes = [...match.notes, absentNote(report)].filter((text) => text !== undefined);
        for (const text of notes) note(text);
        if (predictions !== undefined)
          await writeAnswers(predictions, await answersOf(measured, evaluation, match.classes));
        const told = [...measured.notes, ...notes];
        if (output.json) return printJson({ ...report, ...(0 < told.length && { notes: told }) });
        print(reportText(report));
        if (output.confusion) print(`\n${confusionText(report)}`);
      } finally {
        await classifier.close();
      }
    }),
  );
