/** Augmentation by random operations of fixed or random strength: RandAugment and TrivialAugment. */
import type { Rng } from "../../rng.ts";
import type { Size } from "../image.ts";
import { applyOperation, type Operation, type OperationName } from "./operations.ts";
import type { Transform } from "./transform.ts";

/** What an operation's strength may be. */
export interface Strengths {
  /** By bin; none for an operation without strength. */
  readonly magnitudes?: readonly number[];
  /** Whether the sign is drawn. */
  readonly signed?: boolean;
}

/** The operations of a policy, in torchvision's order. */
export type Space = readonly (readonly [OperationName, Strengths])[];

const { fround } = Math;

/** So many numbers from `start` to `end` in single precision, counted from the nearer end, as torch's `linspace`. */
function linspace(start: number, end: number, count: number): number[] {
  const [first, last] = [fround(start), fround(end)];
  const step = fround(fround(last - first) / (count - 1));
  return Array.from({ length: count }, (_, i) =>
    i < count / 2 ? fround(first + fround(step * i)) : fround(last - fround(step * (count - 1 - i))),
  );
}

/** Bits kept, from 8 in the first bin to 8 − `lost` in the last. */
const posterizeBits = (lost: number, bins: number): number[] =>
  Array.from({ length: bins }, (_, bin) => 8 - Math.round(fround(bin / ((bins - 1) / lost))));

/** How strong each operation gets in its last bin. */
interface Reach {
  readonly shear: number;
  readonly translateX: number;
  readonly translateY: number;
  readonly rotate: number;
  readonly colour: number;
  readonly bitsLost: number;
}

function spaceOf(reach: Reach, bins: number): Space {
  const upTo = (end: number): Strengths => ({ magnitudes: linspace(0, end, bins), signed: true });
  return [
    ["Identity", {}],
    ["ShearX", upTo(reach.shear)],
    ["ShearY", upTo(reach.shear)],
    ["TranslateX", upTo(reach.translateX)],
    ["TranslateY", upTo(reach.translateY)],
    ["Rotate", upTo(reach.rotate)],
    ["Brightness", upTo(reach.colour)],
    ["Color", upTo(reach.colour)],
    ["Contrast", upTo(reach.colour)],
    ["Sharpness", upTo(reach.colour)],
    ["Posterize", { magnitudes: posterizeBits(reach.bitsLost, bins) }],
    ["Solarize", { magnitudes: linspace(255, 0, bins) }],
    ["AutoContrast", {}],
    ["Equalize", {}],
  ];
}

const RAND_AUGMENT = { shear: 0.3, rotate: 30, colour: 0.9, bitsLost: 4 } as const;
/** Share of a side by which RandAugment moves a picture at most. */
const TRANSLATION = 150 / 331;
const TRIVIAL_AUGMENT_WIDE: Reach = {
  shear: 0.99,
  translateX: 32,
  translateY: 32,
  rotate: 135,
  colour: 0.99,
  bitsLost: 6,
};
const BINS = 31;

/** RandAugment's operations for pictures of a size. */
export const randAugmentSpace = ({ width, height }: Size, bins = BINS): Space =>
  spaceOf({ ...RAND_AUGMENT, translateX: TRANSLATION * width, translateY: TRANSLATION * height }, bins);

/** The operations of TrivialAugment, wide. */
export const trivialAugmentSpace = (bins = BINS): Space => spaceOf(TRIVIAL_AUGMENT_WIDE, bins);

/** An operation of the space, all alike, in the bin that `binOf` says, of either sign where signs are drawn. */
export function sampleOperation(space: Space, binOf: (bins: number) => number, rng: Rng): Operation {
  const [name, { magnitudes, signed }] = space[rng.integer(0, space.length - 1)] as Space[number];
  const magnitude = magnitudes ? (magnitudes[binOf(magnitudes.length)] as number) : 0;
  return { name, magnitude: signed && rng.integer(0, 1) === 1 ? -magnitude : magnitude };
}

/** What `randAugment` takes. */
export interface RandAugmentOptions {
  /** Operations one after the other; 2 by default. */
  readonly operations?: number;
  /** The bin of every strength, 0..bins−1; 9 by default. */
  readonly magnitude?: number;
  /** 31 by default. */
  readonly bins?: number;
}

/** Random operations of one strength (Cubuk et al. 2019), as torchvision's `RandAugment`. */
export function randAugment({ operations = 2, magnitude = 9, bins = BINS }: RandAugmentOptions = {}): Transform {
  return (image, rng) => {
    const space = randAugmentSpace(image, bins);
    let current = image;
    for (let i = 0; i < operations; i++)
      current = applyOperation(
        current,
        sampleOperation(space, () => magnitude, rng),
      );
    return current;
  };
}

/** One random operation of random strength (Müller and Hutter 2021), as torchvision's `TrivialAugmentWide`. */
export function trivialAugmentWide({ bins = BINS }: { readonly bins?: number } = {}): Transform {
  const space = trivialAugmentSpace(bins);
  return (image, rng) =>
    applyOperation(
      image,
      sampleOperation(space, (count) => rng.integer(0, count - 1), rng),
    );
}
