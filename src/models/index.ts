export { alexnet } from "./alexnet.ts";
export { countMacs } from "./costs.ts";
export * from "./densenet.ts";
export { FREEZE_NAMES, frozenParameters, parametersOf } from "./freeze.ts";
export { modernKey, modernKeys } from "./historical-keys.ts";
export { IMAGENET_CLASSES, type ImagenetClass } from "./imagenet.ts";
export { inceptionV3 } from "./inception.ts";
export { mnistCnn } from "./mnist-cnn.ts";
export type { NetworkOptions } from "./network-options.ts";
export * from "./resnet.ts";
export * from "./squeezenet.ts";
export { type LayerSummary, type NetworkSummary, summariseNetwork } from "./summary.ts";
export * from "./vgg.ts";
export type { Preprocessing, PublishedNetwork, WeightsRecord } from "./weights.ts";
export {
  type BuildOptions,
  findModel,
  isAuxiliaryParameter,
  isHeadParameter,
  MODELS,
  type ModelRecord,
} from "./zoo.ts";
