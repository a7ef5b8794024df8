export { type DecodeOptions, decodeImage, encodePng, readHeader, renderSvg } from "./codec.ts";
export { escapeXml, FONT_FAMILY } from "./fonts.ts";
export type { PictureHeader } from "./header.ts";
export { type Channels, type Image, type Size, withChannels } from "./image.ts";
export {
  AUGMENTATIONS,
  type Augmentation,
  evaluationInput,
  IMAGENET_PREPROCESSING,
  type Preprocessing,
  type TrainingInput,
  trainingInput,
} from "./recipes.ts";
export { fromTensor, IMAGENET_NORMALISATION, type Normalisation } from "./tensor.ts";
export { cutWith, mixWith, sampleCut, sampleShare } from "./transforms/mix.ts";
