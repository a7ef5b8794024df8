/** Making pictures smaller, to be shown. */
import type { Image } from "../image/index.ts";

/**
 * A picture whose longer side is at least `longest` pixels and less than twice that, by means over blocks of pixels; the
 * picture itself if it is no larger. Pixels at the right and lower edge that fill no block are left out.
 */
export function thumbnail(image: Image, longest: number): Image {
  const factor = Math.floor(Math.max(image.width, image.height) / longest);
  if (factor < 2) return image;
  const { channels } = image;
  const width = Math.max(1, Math.floor(image.width / factor));
  const height = Math.max(1, Math.floor(image.height / factor));
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const [x, y] = [(pixel % width) * factor, Math.floor(pixel / width) * factor];
    data[i] = blockMean(image, { x, y, factor, channel: i % channels });
  }
  return { width, height, channels, data };
}

interface Block {
  readonly x: number;
  readonly y: number;
  readonly factor: number;
  readonly channel: number;
}

function blockMean({ width, height, channels, data }: Image, { x, y, factor, channel }: Block): number {
  const [right, bottom] = [Math.min(width, x + factor), Math.min(height, y + factor)];
  let sum = 0;
  for (let row = y; row < bottom; row++) {
    for (let column = x; column < right; column++) sum += data[(row * width + column) * channels + channel] ?? 0;
  }
  return Math.round(sum / ((right - x) * (bottom - y)));
}
