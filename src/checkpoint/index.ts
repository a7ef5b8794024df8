export {
  type FetchOptions,
  fetchWeights,
  hubFolders,
  locateWeights,
  type PublishedFile,
  type WeightsPlace,
} from "./fetch-weights.ts";
export { fewOf } from "./few-of.ts";
export type { Candidate } from "./find/candidates.ts";
export { type ChosenWeights, chooseWeights, type WantedWeights } from "./find/choose-weights.ts";
export { saidClasses, saidModels } from "./find/file-says.ts";
export { areFinite } from "./finite.ts";
export { checkStateDict, describeLoad, type FitOptions, fitStateDict, type LoadReport } from "./load-report.ts";
export {
  decodeOptimizerState,
  encodeOptimizerState,
  type OptimizerState,
  type ParameterGroup,
  type StateShapes,
} from "./optimizer-state.ts";
export { ForeignGlobal, ForeignObject } from "./pth/foreign.ts";
export { decodePth, type PthValue, readPth } from "./pth/read.ts";
export { encodePth, type PthInput, type PyFloat, pyFloat, writePth } from "./pth/write.ts";
export { isOnnxModel, readWeights, type WeightsFile } from "./read-weights.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  writeSafetensors,
} from "./safetensors.ts";
export { stateDictOf } from "./state-dict.ts";
export * from "./tensor.ts";
