/** Pictures as data URIs, for drawings and pages. */
import { encodeJpeg, encodePng, type Image } from "../image/index.ts";
import { thumbnail } from "./thumbnail.ts";

/** Up to this side a picture is enlarged where it is shown, with its pixels to be seen. */
const SMALL = 64;

/** Whether a picture's pixels are to be seen. */
export const isSmall = ({ width, height }: Image): boolean => Math.max(width, height) <= SMALL;

/**
 * Small pictures as they are (PNG); others as JPEG of `quality` (0..100), their longer side less than twice `longest` pixels: an
 * eighth of the bytes at 92.
 */
export async function dataUri(
  image: Image,
  { longest, quality }: { longest: number; quality: number },
): Promise<string> {
  const small = isSmall(image);
  const bytes = small ? await encodePng(image) : await encodeJpeg(thumbnail(image, longest), quality);
  return `data:image/${small ? "png" : "jpeg"};base64,${Buffer.from(bytes).toString("base64")}`;
}
