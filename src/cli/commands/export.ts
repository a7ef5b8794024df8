import { basename, dirname, resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import type { ExportFormat, ExportReport } from "../../export/index.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { emaWeightsOption, examples, jsonOption, threadsOption, transformInputOption } from "../options.ts";
import { note, percent, print, printJson, sizeText } from "../output.ts";

const formatOption = new Option("--to <format>", "onnx, pth, safetensors, or web: a page for the browser")
  .choices(["onnx", "pth", "safetensors", "web"])
  .default("onnx" as const);

const precisionOption = new Option("--precision <name>", "of an ONNX file or a page: fp32, fp16 or int8")
  .choices(["fp32", "fp16", "int8"])
  .default("fp32" as const);

/** `ants.onnx`, `ants-int8.onnx`, the folder `ants-web`: in the current folder, named after the run. */
function usualName(path: string, to: ExportFormat, precision: string): string {
  const file = resolve(path);
  const name =
    basename(file) === "best.pth" ? basename(dirname(file)) : basename(file).replace(/\.(pth|pt|safetensors)$/, "");
  return `${name}${precision === "fp32" ? "" : `-${precision}`}${to === "web" ? "-web" : `.${to}`}`;
}

function printReport({ file, bytes, card, difference, gain }: ExportReport): void {
  print(`${file}: ${card.model}, ${card.precision}, ${sizeText(bytes)}`);
  if (difference) {
    const { pictures, generated, probabilities, logits, sameClass } = difference;
    const kind = generated ? "generated pictures" : "validation pictures";
    print(
      `against the run on ${pictures} ${kind}: same class for ${sameClass}, ` +
        `largest difference ${probabilities.toExponential(1)} in probability, ${logits.toExponential(1)} in logits`,
    );
  }
  if (!gain) return;
  const { lostAccuracy, bytes: own, bytesFp32, batch, milliseconds, millisecondsFp32 } = gain;
  const { accuracy, accuracyFp32 } = card;
  if (accuracy && accuracyFp32 && lostAccuracy !== null) {
    const points = (100 * lostAccuracy).toFixed(2);
    print(
      `accuracy ${percent(accuracy.value)} of ${accuracy.count}, fp32 ${percent(accuracyFp32.value)}: ${points} points lost`,
    );
  }
  print(`size ${sizeText(own)}, fp32 ${sizeText(bytesFp32)}: ${percent(own / bytesFp32)}`);
  const speedUp = (millisecondsFp32 / milliseconds).toFixed(2);
  print(
    `${milliseconds.toFixed(1)} ms for ${batch} pictures, fp32 ${millisecondsFp32.toFixed(1)} ms: ${speedUp} times as fast`,
  );
}

/** `ocelli export` */
export const exportCommand = new Command("export")
  .description("Write a trained model as one file that other programs can use")
  .argument("<model>", "a run folder or a .pth file")
  .addOption(formatOption)
  .option("--out <file>", "the file or folder to write (default: named after the run)")
  .addOption(precisionOption)
  .option("--model <name>", "the model of a bare state dict")
  .addOption(emaWeightsOption)
  .addOption(transformInputOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli export runs/ants-and-bees",
      "ocelli export runs/ants-and-bees --precision int8 --out ants.onnx",
      "ocelli export runs/ants-and-bees --to safetensors",
      "ocelli export runs/ants-and-bees --to web --out page/",
    ),
  )
  .action(
    guarded(async (path, { to, out, precision, threads, json, ...loading }) => {
      const { exportModel } = await import("../../export/index.ts");
      const computing = threads === undefined ? undefined : wholeNumber("--threads", threads);
      const file = out ?? usualName(path, to, precision);
      const report = await exportModel(path, { ...loading, to, out: file, precision, threads: computing, note });
      if (json) printJson(report);
      else printReport(report);
      if (!json && to === "web") print(`Any static web server shows it, for instance: npx serve ${file}`);
    }),
  );
