import { blankLike, type Image } from "../image.ts";

/** The picture mirrored left to right. */
export function flipHorizontal(image: Image): Image {
  const { width, height, channels, data } = image;
  const out = new Uint8Array(data.length);
  const row = width * channels;
  if (channels === 3) mirrorColour(data, out, row);
  else for (let start = 0; start < data.length; start += row) out.set(data.slice(start, start + row).reverse(), start);
  return { width, height, channels, data: out };
}

/** Mirrors rows of `row` bytes of red, green and blue. */
function mirrorColour(data: Uint8Array, out: Uint8Array, row: number): void {
  for (let to = 0; to < data.length; ) {
    for (let from = to + row - 3, end = to; from >= end; from -= 3, to += 3) {
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    }
  }
}

/** The picture upside down, mirrored. */
export function flipVertical(image: Image): Image {
  const { width, height, channels, data } = image;
  const result = blankLike(image, image);
  const row = width * channels;
  for (let y = 0; y < height; y++) result.data.set(data.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
  return result;
}

/** Rows become columns: the picture mirrored on the diagonal from the top left. */
export function transpose(image: Image): Image {
  const { width, height, channels, data } = image;
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const from = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) out[to++] = data[from + channel]!;
    }
  }
  return { width: height, height: width, channels, data: out };
}

/** The picture turned and mirrored as EXIF's orientation, 1..8, says. */
export function turnByExif(image: Image, orientation: number): Image {
  switch (orientation) {
    case 2:
      return flipHorizontal(image);
    case 3:
      return quarterTurns(image, 2);
    case 4:
      return flipVertical(image);
    case 5:
      return transpose(image);
    case 6:
      return quarterTurns(image, 3);
    case 7:
      return quarterTurns(transpose(image), 2);
    case 8:
      return quarterTurns(image, 1);
    default:
      return image;
  }
}

/** The picture turned by 0 to 3 quarters, counter-clockwise. */
export function quarterTurns(image: Image, turns: number): Image {
  switch (turns % 4) {
    case 1:
      return flipVertical(transpose(image));
    case 2:
      return flipVertical(flipHorizontal(image));
    case 3:
      return flipHorizontal(transpose(image));
    default:
      return image;
  }
}
