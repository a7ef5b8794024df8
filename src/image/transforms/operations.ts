/** The operations that RandAugment and TrivialAugment choose from, under torchvision's names. */
import { adjustColours } from "../colour/index.ts";
import type { Image } from "../image.ts";
import { type AffineMatrix, affine } from "../pixels/affine.ts";
import { adjustSharpness } from "../pixels/sharpness.ts";
import { autocontrast, equalize, invert, posterize, solarize } from "../pixels/tones.ts";
import { rotate } from "./rotation.ts";

/** An operation with its strength, whose unit is the operation's own. */
export interface Operation {
  readonly name: OperationName;
  readonly magnitude: number;
}

/**
 * `x` and `y` shear by a slope, in this order; around the top left corner. The inverse is what a pixel of the result is
 * looked up with. Written as torchvision computes it, for the same last bits.
 */
function sheared(image: Image, slopeX: number, slopeY: number): Image {
  const [x, y] = [radiansOf(slopeX), radiansOf(slopeY)];
  const a = Math.cos(-y) / Math.cos(y);
  const b = (-Math.cos(-y) * Math.tan(x)) / Math.cos(y);
  const c = Math.sin(-y) / Math.cos(y);
  const d = (-Math.sin(-y) * Math.tan(x)) / Math.cos(y) + 1;
  return affine(image, [d, -b, 0, -c, a, 0]);
}

/** The angle of a slope, by way of degrees. */
const radiansOf = (slope: number): number => Math.atan(slope) * (180 / Math.PI) * (Math.PI / 180);

/** Moves the picture right and down by whole pixels. */
function translated({ width, height, ...rest }: Image, right: number, down: number): Image {
  const [x, y] = [width * 0.5, height * 0.5];
  const matrix: AffineMatrix = [1, 0, -x - right + x, 0, 1, -y - down + y];
  return affine({ width, height, ...rest }, matrix);
}

const APPLY = {
  Identity: (image) => image,
  ShearX: (image, slope) => sheared(image, slope, 0),
  ShearY: (image, slope) => sheared(image, 0, slope),
  TranslateX: (image, pixels) => translated(image, Math.trunc(pixels), 0),
  TranslateY: (image, pixels) => translated(image, 0, Math.trunc(pixels)),
  Rotate: (image, degrees) => rotate(image, degrees),
  Brightness: (image, change) => adjustColours(image, [{ kind: "brightness", amount: 1 + change }]),
  Color: (image, change) => adjustColours(image, [{ kind: "saturation", amount: 1 + change }]),
  Contrast: (image, change) => adjustColours(image, [{ kind: "contrast", amount: 1 + change }]),
  Sharpness: (image, change) => adjustSharpness(image, 1 + change),
  Posterize: (image, bits) => posterize(image, Math.trunc(bits)),
  Solarize: (image, threshold) => solarize(image, threshold),
  AutoContrast: (image) => autocontrast(image),
  Equalize: (image) => equalize(image),
  Invert: (image) => invert(image),
} satisfies Record<string, (image: Image, magnitude: number) => Image>;

/** The names of the operations. */
export type OperationName = keyof typeof APPLY;

/** The picture after an operation. torchvision's on Pillow 12 with nearest neighbour and black borders, bit for bit. */
export const applyOperation = (image: Image, { name, magnitude }: Operation): Image => APPLY[name](image, magnitude);
