export { AUGMENTATIONS, type Augmentation } from "./augmentation-names.ts";
export { type DecodeOptions, decodeImage, encodeJpeg, encodePng, readHeader, readSize, renderSvg } from "./codec.ts";
export { escapeXml, FONT_FAMILY } from "./fonts.ts";
export type { PictureHeader } from "./header.ts";
export { type Box, type Channels, type Image, type Size, withChannels } from "./image.ts";
export {
  evaluationInput,
  IMAGENET_PREPROCESSING,
  type Preprocessing,
  type TrainingInput,
  trainingInput,
} from "./recipes.ts";
export { fromTensor, IMAGENET_NORMALISATION, type Normalisation, toTensor } from "./tensor.ts";
export { colorJitter } from "./transforms/color-jitter.ts";
export { centerCrop, crop } from "./transforms/crop.ts";
export { randomHorizontalFlip, randomVerticalFlip } from "./transforms/flip.ts";
export { randomGrayscale } from "./transforms/grayscale.ts";
export { cutWith, mixWith, sampleCut, sampleShare } from "./transforms/mix.ts";
export { randomResizedCrop } from "./transforms/random-resized-crop.ts";
export { resize } from "./transforms/resize.ts";
export { randomRotation } from "./transforms/rotation.ts";
export { compose, type Transform, withProbability } from "./transforms/transform.ts";
