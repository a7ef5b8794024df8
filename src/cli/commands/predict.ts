import { Command, Option } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import type { Classifier, LoadedClassifier } from "../../export/index.ts";
import type { PictureSource } from "../../training/index.ts";
import { noteFallback } from "../fallback.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { type HeatMapWriter, openHeatMaps } from "../heat-maps.ts";
import {
  emaWeightsOption,
  engineOption,
  examples,
  jsonOption,
  numeric,
  threadsOption,
  transformInputOption,
} from "../options.ts";
import { EXIT, note } from "../output.ts";
import { findPictures, leftOutText, readList } from "../pictures.ts";
import { type AnswerPrinter, FORMATS, printerOf } from "../predictions.ts";

/** Pictures that the network sees at once; fewer where there are fewer. */
const BATCH_SIZE = 32;

/** How pictures are predicted. */
interface PredictRun {
  readonly model: LoadedClassifier["model"];
  readonly classifier: Classifier;
  readonly top: number;
  readonly batchSize: number;
  readonly printer: AnswerPrinter;
  readonly heatMaps?: HeatMapWriter;
}

/** Prints the answer to each picture; one that cannot be read is told and passed over. Returns how many there were of those. */
async function printAnswers(sources: readonly PictureSource[], run: PredictRun): Promise<number> {
  const { model, classifier, top, batchSize, printer, heatMaps } = run;
  const { predictPictures } = await import("../../training/index.ts");
  let [failures, place] = [0, 0];
  printer.begin();
  for await (const answer of predictPictures(classifier, sources, { model, k: top, batchSize })) {
    const source = sources[place++];
    const heatmap = source && (await heatMaps?.write(answer, source));
    printer.answer(answer, heatmap === undefined ? {} : { heatmap });
    if (answer.error) failures++;
  }
  return failures;
}

/** Prints the answers to files as people read them, by a classifier that takes one picture at a time. */
export async function predictFiles(
  files: readonly string[],
  { model, classifier, top }: Pick<PredictRun, "model" | "classifier" | "top">,
): Promise<void> {
  const printer = printerOf("text", { logits: false, classes: model.classes, top });
  const { sources } = await findPictures(files);
  await printAnswers(sources, { model, classifier, top, batchSize: 1, printer });
}

const formatOption = new Option("--format <form>", "text, json (an object on each line) or csv").choices(FORMATS);

/** `ocelli predict` */
export const predictCommand = new Command("predict")
  .description("Name the classes of pictures")
  .argument("<model>", "a run folder, a .pth file or an exported .onnx file")
  .argument("[images...]", "files, folders, globs, or - for the bytes of a picture on standard input")
  .option("--from-file <list>", "a text file with more of these, one a line; - for standard input")
  .option("--model <name>", "the model of a bare state dict")
  .addOption(emaWeightsOption)
  .addOption(transformInputOption)
  .option("--top <count>", "classes for each picture", numeric, 3)
  .option("--logits", "also the network's raw outputs")
  .option("--heatmap <folder>", "write each picture under a heat map of where the network sees its class")
  .option("--batch-size <count>", "pictures at a time", numeric, BATCH_SIZE)
  .addOption(formatOption)
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli predict runs/first three.png",
      "ocelli predict runs/ants-and-bees photos/ --json",
      "ocelli predict runs/ants-and-bees photos/ --format csv > answers.csv",
      "ocelli predict runs/ants-and-bees photos/ --heatmap heat/",
      "cat three.png | ocelli predict runs/first -",
      "find photos -type f -newer last | ocelli predict runs/ants-and-bees --from-file -",
    ) +
      "\nExit code 0: each picture has an answer; 1: some could not be read, each with its error. What is no picture by its\n" +
      "name below a folder is left out and told on standard error, in every format; a file that is named is always tried.\n",
  )
  .action(
    guarded(async (path, images, { model: name, fromFile, logits = false, heatmap, ...options }) => {
      const { loadClassifier } = await import("../../export/index.ts");
      const { engine, threads, json, emaWeights, transformInput } = options;
      const top = wholeNumber("--top", options.top);
      const atOnce = wholeNumber("--batch-size", options.batchSize);
      const computing = threads === undefined ? undefined : wholeNumber("--threads", threads);
      const format = options.format ?? (json ? "json" : "text");
      if (json && format !== "json") {
        const message = `--format: expected json, as --json says, but got "${format}".`;
        throw new UserError(message, "Leave one of the two out.");
      }
      const listed = fromFile === undefined ? [] : await readList(fromFile);
      const { model, network, open } = await loadClassifier(path, { model: name, emaWeights, transformInput });
      for (const text of network?.notes ?? []) note(text);
      const found = await findPictures([...images, ...listed]);
      const { sources } = found;
      for (const line of leftOutText(found)) note(line);
      if (sources.length === 0)
        throw new UserError("predict: expected pictures but got none.", "Name some, or a folder.");
      const batchSize = Math.min(atOnce, sources.length); // each run of the network takes a whole batch
      if (network) await noteFallback(engine);
      const classifier = await open({ engine, threads: computing, batchSize, transfer: true });
      try {
        const printer = printerOf(format, { logits, classes: model.classes, top, heatMaps: heatmap !== undefined });
        const heatMaps = heatmap === undefined ? undefined : await openHeatMaps(heatmap, { network, classifier });
        const failures = await printAnswers(sources, { model, classifier, top, batchSize, printer, heatMaps });
        if (heatMaps) note(`heat maps of the first class in ${heatmap}`);
        if (0 < failures) process.exitCode = EXIT.userError;
      } finally {
        await classifier.close();
      }
    }),
  );
