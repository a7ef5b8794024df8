import { type Box, blankLike, type Image, type Size } from "../image.ts";
import { indicesAlong } from "../pixels/affine.ts";

/** An area of a picture, the size it is brought to, and the part of the result to make. */
export interface NearestResampling {
  readonly size: Size;
  readonly area: Box;
  readonly window: Box;
}

/** Each pixel is the one of the area that its centre falls on: Pillow's `resize(NEAREST)`. */
export function resampleNearest(image: Image, { size, area, window }: NearestResampling): Image {
  const { channels, data } = image;
  const result = blankLike(image, window);
  const columns = indicesAlong({ source: area.width, target: size.width }, area.width / size.width, 0);
  const rows = indicesAlong({ source: area.height, target: size.height }, area.height / size.height, 0);
  let to = 0;
  for (let y = window.top; y < window.top + window.height; y++) {
    const row = (area.top + rows[y]!) * image.width + area.left;
    for (let x = window.left; x < window.left + window.width; x++) {
      const from = (row + columns[x]!) * channels;
      for (let channel = 0; channel < channels; channel++) result.data[to++] = data[from + channel]!;
    }
  }
  return result;
}
