import { Command } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import type { AnsweredRun } from "../../reports/index.ts";
import type { Trainer } from "../../training/index.ts";
import { noteFallback } from "../fallback.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { engineOption, examples, jsonOption, threadsOption } from "../options.ts";
import { note, print, printJson } from "../output.ts";

/** How the network is run. */
interface ReportOptions {
  readonly engine: string;
  readonly threads?: number;
}

/** Puts the run's network on an engine and asks it for the validation set. */
async function answersOf(run: string, options: ReportOptions, keep: (trainer: Trainer) => void): Promise<AnsweredRun> {
  const { configValues, dataByOutputs, loadModel, openModel, readRunConfig, workersOf } = await import(
    "../../training/index.ts"
  );
  const { loadRunData } = await import("../data.ts");
  const config = await readRunConfig(run);
  const model = await loadModel(run);
  const data = dataByOutputs(await loadRunData(config), model);
  await noteFallback(options.engine);
  const trainer = await openModel(model, { ...options, batchSize: config.batchSize.value });
  keep(trainer);
  const evaluation = await trainer.evaluate(data.test, { workers: workersOf(configValues(config), data) });
  return { model, trainer, data, evaluation };
}

async function makeReport(run: string, options: ReportOptions): Promise<{ report: string; problems: string[] }> {
  const { expectNoLinks, looksLikeRun } = await import("../../training/index.ts");
  const { writeReport } = await import("../../reports/index.ts");
  if (!(await looksLikeRun(run)))
    throw new UserError(
      `"${run}": expected the folder of a run but it has none of a run's files.`,
      "Give a folder that `ocelli train` made; list them with: ocelli runs",
    );
  await expectNoLinks(run);
  let trainer: Trainer | undefined;
  const problems: string[] = [];
  try {
    const answered = await answersOf(run, options, (opened) => {
      trainer = opened;
    }).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      problems.push(`The network was not asked anew: ${error.message}`);
      return undefined;
    });
    return { report: await writeReport(run, answered, problems), problems };
  } finally {
    await trainer?.close();
  }
}

/** `ocelli report` */
export const reportCommand = new Command("report")
  .description("Write a run's report.html anew: curves, mistakes, calibration, settings, in one file")
  .argument("<run>", "a run folder, also of a run that was stopped")
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli report runs/digits-mnist-cnn-1"))
  .action(
    guarded(async (run, { engine, threads, json }) => {
      const options = { engine, threads: threads === undefined ? undefined : wholeNumber("--threads", threads) };
      const { report, problems } = await makeReport(run, options);
      if (json) return printJson({ report, problems });
      for (const problem of problems) note(problem);
      print(report);
    }),
  );
