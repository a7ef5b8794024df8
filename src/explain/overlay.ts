/** Heat maps over pictures. */
import { type Box, centredBox, type Image, type Size, shortSideSize, withChannels } from "../image/public.ts";
import type { ModelInput } from "../training/index.ts";
import { HEAT_COLOURS } from "./colours.ts";
import { type HeatMap, sampleHeat } from "./heat-map.ts";

/** How much of the colour shows where the heat is 0, and how much more where it is 1. */
const SHARE = { least: 0.35, more: 0.3 } as const;
/** How bright is left what the network does not look at. */
const OUTSIDE = 0.35;

/** The part of a picture that a network looks at, in the picture's pixels; not whole numbers. */
export function seenArea({ width, height }: Size, input: ModelInput): Box {
  if (input.kind === "pixels") return { left: 0, top: 0, width, height };
  const resized = shortSideSize({ width, height }, input.resize);
  const [across, down] = [width / resized.width, height / resized.height];
  const box = centredBox(resized, { width: input.crop, height: input.crop });
  return { left: box.left * across, top: box.top * down, width: box.width * across, height: box.height * down };
}

/** The picture in grey under the colours of a heat map that covers `area` of it (all by default); dark around it. */
export function overlayHeat(picture: Image, heat: HeatMap, area?: Box): Image {
  const { width, height } = picture;
  const box = area ?? { left: 0, top: 0, width, height };
  const { data: values } = sampleHeat(heat, { size: picture, box });
  const grey = withChannels(picture, 1).data;
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
    const seen = box.left <= x && x <= box.left + box.width && box.top <= y && y <= box.top + box.height;
    const share = seen ? SHARE.least + SHARE.more * value : 0;
    const level = 3 * Math.round(255 * value);
    for (let channel = 0; channel < 3; channel++) {
      const light = (grey[i] ?? 0) * (seen ? 1 : OUTSIDE);
      data[3 * i + channel] = Math.round(light * (1 - share) + (HEAT_COLOURS[level + channel] ?? 0) * share);
    }
  }
  return { width, height, channels: 3, data };
}
