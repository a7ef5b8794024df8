/** From a picture to the pixels that the model takes, with the arithmetic of `ocelli predict`. */
import { decodeBmp } from "../src/image/formats/bmp.ts";
import { decodeGif } from "../src/image/formats/gif.ts";
import { orientationOf } from "../src/image/formats/orientation.ts";
import { decodePnm } from "../src/image/formats/pnm.ts";
import { type Channels, type Image, withChannels } from "../src/image/image.ts";
import { turnByExif } from "../src/image/pixels/turn.ts";
import { resizeAndCropCentre, resizeTo } from "../src/image/transforms/resize.ts";
import { checkForBrowser, forBrowser } from "./checks.ts";
import { inputSize, type PageInput } from "./model.ts";
import { straightPixels } from "./straight-alpha.ts";

/**
 * The picture in a file or of a camera, as `ocelli predict` decodes it: turned as EXIF data says, colour profiles ignored,
 * transparency dropped. What the browser would show otherwise is refused.
 */
export async function decode(picture: Blob | ImageBitmap, input: PageInput): Promise<Image> {
  if (picture instanceof ImageBitmap) return pixelsOf(picture);
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const format = await checkForBrowser(bytes);
  if (format === "bmp") return withChannels(decodeBmp(bytes), 3);
  if (format === "pnm") return withChannels(decodePnm(bytes), 3);
  if (format === "gif") return withChannels(decodeGif(bytes), 3);
  const bitmap = await createImageBitmap(new Blob([forBrowser(bytes, format)]), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const turned = input.kind === "pixels" || input.exif;
  return turnByExif(pixelsOf(bitmap), turned ? await orientationOf(bytes, format) : 1);
}

/** The pixels of a bitmap, which is closed. */
function pixelsOf(bitmap: ImageBitmap): Image {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("there is no memory for it");
  context.drawImage(bitmap, 0, 0);
  const { data: drawn } = context.getImageData(0, 0, width, height);
  const rgba = (isOpaque(drawn) ? undefined : straightPixels(bitmap)) ?? drawn;
  bitmap.close();
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    data[to++] = rgba[from] ?? 0;
    data[to++] = rgba[from + 1] ?? 0;
    data[to++] = rgba[from + 2] ?? 0;
  }
  return { width, height, channels: 3, data };
}

function isOpaque(rgba: Uint8ClampedArray): boolean {
  for (let alpha = 3; alpha < rgba.length; alpha += 4) if (rgba[alpha] !== 255) return false;
  return true;
}

/**
 * The part of a picture that the network sees, in its size. Pictures for a network that takes pixels as they are are brought to
 * its size if they have another, which `ocelli predict` refuses.
 */
export function prepare(image: Image, input: PageInput): Image {
  if (input.kind === "photos") return resizeAndCropCentre(image, input.resize, input.crop, input.interpolation);
  const { height, width, channels } = inputSize(input);
  const grey = withChannels(image, channels as Channels);
  return height === width && (image.width !== width || image.height !== height)
    ? resizeAndCropCentre(grey, width, width)
    : resizeTo(grey, { width, height });
}

/** A picture for a canvas. */
export function imageDataOf({ width, height, channels, data }: Image): ImageData {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let c = 0; c < 3; c++) rgba[4 * pixel + c] = data[pixel * channels + (channels === 1 ? 0 : c)] ?? 0;
  return new ImageData(rgba, width, height);
}
