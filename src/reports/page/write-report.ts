/** Makes a run's report. */
import { join } from "node:path";
import { writeFileAtomic } from "../../atomic-file.ts";
import type { IdxData } from "../../data/index.ts";
import { openExplainer } from "../../explain/index.ts";
import { calibrationOf } from "../../metrics/index.ts";
import { type Evaluation, type LoadedModel, readRunAccount, reportOf, type Trainer } from "../../training/index.ts";
import { summariseData } from "./data-summary.ts";
import { type ReportContent, reportHtml } from "./page.ts";
import { rightSamples, SHOWN, worstMistakes } from "./shown-pictures.ts";

/** Name of the report in a run's folder. */
export const REPORT_FILE = "report.html";

/** A run's network, and what it answered to the validation set. */
export interface AnsweredRun {
  readonly model: LoadedModel;
  /** It holds the model's weights. */
  readonly trainer: Trainer;
  readonly data: IdxData;
  /** Of `data.test`. */
  readonly evaluation: Evaluation;
}

/**
 * Writes `report.html` into a run's folder and returns its path. Without answers the report has what the folder alone tells;
 * `problems` says why, a sentence each.
 */
export async function writeReport(
  run: string,
  answered: AnsweredRun | undefined,
  problems: readonly string[] = [],
): Promise<string> {
  const account = await readRunAccount(run);
  const path = join(run, REPORT_FILE);
  await writeFileAtomic(path, await reportHtml({ account, problems, ...(answered && (await gathered(answered))) }));
  return path;
}

async function gathered({ model, trainer, data, evaluation }: AnsweredRun): Promise<Partial<ReportContent>> {
  const { classes } = model;
  const answered = { dataset: data.test, evaluation };
  const explainer = openExplainer(model, trainer.engine, { batchSize: SHOWN.mistakes });
  try {
    // the engine computes heat maps while the rest is gathered
    const [mistakes, samples, summary] = await Promise.all([
      worstMistakes(answered, explainer),
      rightSamples(answered),
      summariseData(data),
    ]);
    return {
      data: summary,
      answers: {
        report: reportOf(evaluation, classes),
        calibration: calibrationOf({ data: evaluation.logits, classes: classes.length }, evaluation.labels),
        weights: model.file.endsWith("last.pth") ? "last" : "best",
        mistakes,
        samples,
      },
    };
  } finally {
    await explainer.close();
  }
}
