/** ocelli: train, evaluate and use image classifiers from TypeScript. */
export {
  encodePth,
  type FetchOptions,
  fetchWeights,
  type PthInput,
  type PublishedFile,
  pyFloat,
  readPth,
  readSafetensors,
  readWeights,
  type Safetensors,
  type StateDict,
  type StateTensor,
  stateDictOf,
  stateHash,
  type WeightsFile,
  writePth,
  writeSafetensors,
} from "./checkpoint/index.ts";
export * from "./data/index.ts";
export {
  ENGINE_NAMES,
  type Engine,
  type EngineName,
  type EngineOptions,
  type Executable,
  openEngine,
} from "./engines/index.ts";
export { UserError } from "./errors.ts";
export * from "./explain/index.ts";
export * from "./export/index.ts";
export { gradientsOf } from "./graph/gradients.ts";
export { defineProgram, type Program } from "./graph/program.ts";
export { constant, input, read, type Shape, type Value, type Variable } from "./graph/value.ts";
export {
  centerCrop,
  colorJitter,
  compose,
  type DecodeOptions,
  decodeImage,
  encodePng,
  fromTensor,
  IMAGENET_NORMALISATION,
  type Image,
  type Normalisation,
  randomGrayscale,
  randomHorizontalFlip,
  randomResizedCrop,
  randomRotation,
  randomVerticalFlip,
  resize,
  type Transform,
  toTensor,
  withProbability,
} from "./image/index.ts";
export * from "./metrics/index.ts";
export * from "./models/index.ts";
export * from "./nn/index.ts";
export { encodeProgram } from "./onnx/lower.ts";
export { ops } from "./ops/index.ts";
export { type AdamOptions, adam, adamw, type Optimizer, type SgdOptions, sgd } from "./optim/optimizer.ts";
export { createSchedule, parseSchedule, type Schedule } from "./optim/schedule.ts";
export {
  batchPng,
  confusionPng,
  curvesPng,
  firstBatchPng,
  openTensorboard,
  predictionsPng,
  samplesOf,
  type TensorboardWriter,
  worstPng,
  writeReport,
} from "./reports/index.ts";
export { type Rng, rngFor } from "./rng.ts";
export * from "./training/index.ts";
