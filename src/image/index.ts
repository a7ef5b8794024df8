export { type DecodeOptions, decodeImage, encodePng, renderSvg } from "./codec.ts";
export { escapeXml, FONT_FAMILY } from "./fonts.ts";
export { type Channels, type Image, withChannels } from "./image.ts";
