export { writeError, writeFileAtomic } from "./atomic-file.ts";
export { checkStateDict } from "./load-report.ts";
export {
  decodeOptimizerState,
  encodeOptimizerState,
  type OptimizerState,
  type StateShapes,
} from "./optimizer-state.ts";
export { decodePth, type PthValue, readPth, stateDictOf } from "./pth.ts";
export * from "./tensor.ts";
export { encodePth, type PthInput, type PyFloat, pyFloat, writePth } from "./write-pth.ts";
