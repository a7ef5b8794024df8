/** What `ocelli/image` exports: pictures from and to files, and torchvision's transforms with its pixels. */
export { AUGMENTATIONS, type Augmentation } from "./augmentation-names.ts";
export { type DecodeOptions, decodeImage, encodePng } from "./codec.ts";
export { type Box, type Channels, type Image, type Size, withChannels } from "./image.ts";
export {
  augmentation,
  evaluationCrop,
  evaluationInput,
  IMAGENET_PREPROCESSING,
  INCEPTION_PREPROCESSING,
  type Preprocessing,
  type TrainingInput,
  trainingInput,
} from "./recipes.ts";
export { type Interpolation, resample } from "./resample/index.ts";
export { fromTensor, IMAGENET_NORMALISATION, type Normalisation, toTensor } from "./tensor.ts";
export * from "./transforms/color-jitter.ts";
export * from "./transforms/crop.ts";
export * from "./transforms/flip.ts";
export * from "./transforms/grayscale.ts";
export * from "./transforms/mix.ts";
export * from "./transforms/operations.ts";
export * from "./transforms/pad.ts";
export * from "./transforms/policies.ts";
export * from "./transforms/random-erasing.ts";
export * from "./transforms/random-resized-crop.ts";
export * from "./transforms/resize.ts";
export * from "./transforms/rotation.ts";
export * from "./transforms/transform.ts";
