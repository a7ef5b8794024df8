export { BENCH_JOBS, type BenchJob, type BenchOptions, type BenchResult, bench } from "./bench.ts";
export { type BestCheckpoint, optimizerState, readBest, restoreOptimizer } from "./checkpoint.ts";
export {
  CLASS_ORDERS,
  type ClassMatch,
  type ClassOrder,
  type ModelClasses,
  matchClasses,
  possibleMatches,
} from "./classes/match-classes.ts";
export { dataByOutputs, decideMatch, labelledByOutputs } from "./classes/matched-data.ts";
export {
  type ConfigLayer,
  configValues,
  parseConfigFile,
  type ResolvedConfig,
  resolveConfig,
  type SettingFault,
  settingFaults,
} from "./config.ts";
export { foreseeWeights, WeightsOutOfReach, withKnownWeights } from "./default-weights.ts";
export { type EvaluationReport, joinEvaluations, reportOf } from "./evaluate.ts";
export { evaluationBy } from "./evaluation.ts";
export type { TrainingEvent, TrainingListener } from "./events.ts";
export {
  type LoadedModel,
  type LoadModelOptions,
  loadModel,
  openModel,
  type RunModelOptions,
  type TrainedOn,
  trainedOnOf,
} from "./load-model.ts";
export type {
  EvaluateOptions,
  Evaluation,
  LabelledImages,
  StepResult,
  Trainer,
  TrainerOptions,
} from "./network-trainer.ts";
export { expectNoLinks } from "./ownership/links.ts";
export { LOCK_FILE, lockHolder } from "./ownership/lock.ts";
export { isUnfinished, removeUnfinished, removeUnfinishedOf } from "./ownership/unfinished.ts";
export {
  decodeFor,
  type PictureAnswer,
  type PictureSource,
  type PredictedPicture,
  type PredictOptions,
  predict,
  predictPictures,
  type RankedClass,
  rank,
  readInput,
  readPixels,
  toInput,
} from "./predict.ts";
export {
  PREDICTIONS_FILE,
  type PredictedSample,
  type Predictions,
  predictionsState,
  readPredictions,
  sampleNames,
  writePredictions,
} from "./predictions-file.ts";
export {
  defaultInput,
  inputShapeOf,
  type ModelInput,
  type PhotoInput,
  type PixelInput,
  parsePreprocessing,
  preprocessingEntry,
} from "./preprocessing.ts";
export { crossEntropy, inferenceProgram, type Loss, nllLoss } from "./programs.ts";
export { findRecipe, RECIPES, type Recipe, usualRecipe } from "./recipes.ts";
export { planResume, type ResumePlan, type ResumeRequest } from "./resuming/plan.ts";
export {
  bestRecord,
  isFinished,
  looksLikeRun,
  type RunAccount,
  type RunAccountOptions,
  readRunAccount,
  recordsIn,
  type StoredSetting,
} from "./run-account.ts";
export { dataOptions, workersOf } from "./run-data.ts";
export { RUN_FILES } from "./run-files.ts";
export {
  checkRunFolder,
  freeRunFolder,
  isRunFolder,
  openRunFolder,
  readRecords,
  readRunConfig,
  readRunMarks,
} from "./run-folder.ts";
export { compareRuns, findRuns, listRuns, RUN_ORDERS, type RunComparison, type RunLine, runLine } from "./run-list.ts";
export { isAtWork, openProgress, PROGRESS_FILE, type RunProgress, readProgress } from "./run-progress.ts";
export { flagOf, SETTING_FLAGS, type SettingFlag, trainingArguments } from "./setting-flags.ts";
export { SETTING_NAMES, SETTINGS, type SettingName, type TrainConfig } from "./settings.ts";
export { type StartingNetwork, type StartOptions, startingNetwork } from "./starting-weights.ts";
export { trainingProgram } from "./step-program.ts";
export { peakRssMiB, type TrainSummary } from "./summary.ts";
export { optimizerOf, type ResumeOptions, resume, type TrainOptions, train } from "./train.ts";
export { openTrainer } from "./trainer.ts";
