export { type BatchPictureOptions, batchPng, batchSvg, type FirstBatch, firstBatchPng } from "./batch.ts";
export { confusionPng, confusionSvg } from "./confusion.ts";
export { curvesPng, curvesSvg } from "./curves.ts";
export { type ReportContent, reportHtml } from "./page/page.ts";
export { type AnsweredRun, REPORT_FILE, writeReport } from "./page/write-report.ts";
export {
  type CostlyPrediction,
  type Prediction,
  predictionsPng,
  predictionsSvg,
  worstPng,
  worstSvg,
} from "./predictions.ts";
export { hasRunPictures, type PicturedRun, writeRunPictures } from "./run-pictures.ts";
export { type PicturedSample, picturesOf, samplesOf } from "./samples.ts";
export { openTensorboard, TENSORBOARD_FOLDER, type TensorboardWriter } from "./tensorboard/writer.ts";
