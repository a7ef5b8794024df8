export { type DecodeOptions, decodeImage, encodePng, readHeader, renderSvg } from "./codec.ts";
export { escapeXml, FONT_FAMILY } from "./fonts.ts";
export type { PictureHeader } from "./header.ts";
export { type Channels, type Image, withChannels } from "./image.ts";
export { createPreparation, type PreparationSpec } from "./preparation.ts";
