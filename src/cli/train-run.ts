/** What `train`, `resume` and `start` have in common: run, show, draw. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { IdxData } from "../data/index.ts";
import { messageOf } from "../errors.ts";
import type {
  Evaluation,
  EvaluationReport,
  LoadedModel,
  ResolvedConfig,
  ResumePlan,
  Trainer,
  TrainingListener,
  TrainSummary,
} from "../training/index.ts";
import { interruption } from "./guarded.ts";
import { EXIT, note, percent, print } from "./output.ts";
import { createReporter } from "./reporter.ts";

/** What is run. */
export interface RunRequest {
  /** Of a run that goes on. */
  readonly plan?: ResumePlan;
  readonly config: ResolvedConfig;
  readonly run: string;
  readonly data: IdxData;
  /** Whether event files for TensorBoard are written too. */
  readonly tensorboard?: boolean;
  /** That a run is taken which a process of another machine holds. */
  readonly force?: boolean;
}

/** A run that came to its end. */
export interface FinishedRun {
  readonly summary: TrainSummary;
  /** Of the best weights. */
  readonly report: EvaluationReport;
  readonly pictures: readonly string[];
  /** The file of the report for people. */
  readonly page: string;
}

/** Trains with progress on standard error, and draws the pictures; undefined if Ctrl-C stopped it. */
export async function performRun({
  plan,
  config,
  run,
  data,
  tensorboard,
  force,
}: RunRequest): Promise<FinishedRun | undefined> {
  const { openProgress, openRunFolder, train, resume } = await import("../training/index.ts");
  const folder = openRunFolder(run);
  const progress = openProgress(run);
  const report = createReporter({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    columns: process.stderr.columns ?? 120,
    onLine: (line) => folder.log(line),
  });
  const events = tensorboard ? (await import("../reports/index.ts")).openTensorboard(run) : undefined;
  let begun = false;
  let answers: Evaluation | undefined;
  const onEvent: TrainingListener = (event) => {
    begun = true;
    report(event);
    progress.hear(event);
    events?.onEvent(event);
    // with all digits only, since these are figures of the weights' file, which holds them all
    if (event.type === "best" && config.precision.value === "fp32") answers = event.evaluation;
    if (event.type === "epoch" || event.type === "eval") folder.flush().catch(() => {}); // told again at the end
  };
  let evaluated: Omit<FinishedRun, "summary"> | undefined;
  const { signal, release } = interruption(() => note("\nStopping after this step; once more leaves at once."));
  const afterwards = async (trainer: Trainer, { isStopped }: { isStopped: boolean }): Promise<void> => {
    if (!isStopped) release(); // training is over: Ctrl-C leaves at once, as the second one does
    await folder.flush();
    if (isStopped && !(await hasWeights(run))) return;
    evaluated = await evaluateRun({ config, run, data, answers, trainer });
    if (isStopped) note(`Report so far: ${evaluated.page}`);
  };
  const options = { onEvent, signal, afterwards };
  const summary = await (plan ? resume(plan, { ...options, force }) : train(config, { ...options, run, data, force }))
    .catch(async (error: unknown) => {
      if (begun) folder.log(`error: ${messageOf(error)}`);
      await folder.flush().catch(() => {});
      await events?.close().catch(() => {});
      throw error;
    })
    .finally(() => progress.close())
    .finally(release);
  await folder.flush();
  events?.addPictures(evaluated?.pictures ?? []);
  await events?.close();
  if (!summary || !evaluated) {
    process.exitCode = EXIT.interrupted;
    return undefined;
  }
  return { summary, ...evaluated };
}

/** Whether a run has been evaluated, and so has best weights. */
async function hasWeights(run: string): Promise<boolean> {
  const { RUN_FILES } = await import("../training/index.ts");
  return existsSync(join(run, RUN_FILES.best));
}

/** A run that has just ended, whose best weights may have been evaluated since the command began. */
interface TrainedRun extends Omit<RunRequest, "plan"> {
  readonly answers: Evaluation | undefined;
  /** It has the last weights. */
  readonly trainer: Trainer;
}

/** Draws what the best weights answer to the validation data. */
async function evaluateRun(ended: TrainedRun): Promise<Omit<FinishedRun, "summary">> {
  const { config, run, data, answers } = ended;
  const { configValues, loadModel, reportOf, workersOf, writePredictions } = await import("../training/index.ts");
  const { writeReport, writeRunPictures } = await import("../reports/index.ts");
  const model = await loadModel(run);
  const trainer = await trainerOf(model, ended);
  try {
    const workers = workersOf(configValues(config), data);
    const evaluation = answers ?? (await trainer.evaluate(data.test, { workers }));
    const report = reportOf(evaluation, model.classes);
    await writePredictions(run, { data, evaluation, classes: model.classes });
    // the pictures are drawn while the engine computes the heat maps of the report
    const [page, pictures] = await Promise.all([
      writeReport(run, { model, trainer, data, evaluation }),
      writeRunPictures({
        ...{ run, model: model.name, train: data.train, seed: config.seed.value },
        ...{ dataset: data.test, evaluation, report },
      }),
    ]);
    return { report, pictures, page };
  } finally {
    if (trainer !== ended.trainer) await trainer.close();
  }
}

/** The best weights on the engine that trained them or, where that computes in bf16, on one of fp32. */
async function trainerOf(model: LoadedModel, { config, trainer }: TrainedRun): Promise<Trainer> {
  if (config.precision.value === "fp32") {
    await trainer.setWeights(model.weights, model.file, { transfer: true });
    return trainer;
  }
  const { openModel } = await import("../training/index.ts");
  const { engine, threads, batchSize } = config;
  return openModel(model, { engine: engine.value, threads: threads.value, batchSize: batchSize.value });
}

/** The result for people. */
export function printRun({ summary, report, pictures, page }: FinishedRun): void {
  const { run, best, imagesPerSecond, peakRssMiB } = summary;
  const [low, high] = report.accuracyInterval;
  print(
    `best validation accuracy ${percent(report.accuracy)} (95% interval ${percent(low)} to ${percent(high)}), in epoch ${best?.epoch}`,
  );
  print(`${Math.round(imagesPerSecond).toLocaleString("en-US")} images/s, ${peakRssMiB} MiB at most`);
  print(`weights   ${join(run, "best.pth")}`);
  for (const picture of pictures) print(`picture   ${picture}`);
  print(`report    ${page}`);
}
