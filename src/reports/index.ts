export { confusionPng, confusionSvg } from "./confusion.ts";
export { curvesPng, curvesSvg } from "./curves.ts";
export { type Prediction, predictionsPng, predictionsSvg } from "./predictions.ts";
export { type PicturedRun, type PicturedSample, samplesOf, writeRunPictures } from "./run-pictures.ts";
