export { countMacs } from "./costs.ts";
export { mnistCnn } from "./mnist-cnn.ts";
export { findModel, MODELS, type ModelRecord } from "./zoo.ts";
