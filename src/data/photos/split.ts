/** Dividing photos of known classes into a training and a validation set. */
import { UserError } from "../../errors.ts";
import { permutation, rngFor } from "../../rng.ts";
import { type PhotoSet, pickPhotos } from "./photo-set.ts";
import { listed } from "./words.ts";

/** How photos without a validation set are divided. */
export interface SplitOptions {
  /** Share of each class that becomes the validation set, between 0 and 1; 0.2 by default. */
  readonly share?: number;
  /** Another seed takes other photos; 0 by default. */
  readonly seed?: number;
  /**
   * Which photos are to be measured; without it they are for training. `val`: those for validation · `test`: those of a test
   * folder or split · `whole`: all, unless there is a validation set. A class may then be missing, and one alone is enough.
   */
  readonly measured?: "val" | "test" | "whole";
}

/** The two sets of a division. */
export interface Division {
  readonly train: PhotoSet;
  readonly val: PhotoSet;
}

/** A fifth. */
const DEFAULT_SHARE = 0.2;

/** The share that is set aside, as `20 %`. */
export const sharePhrase = ({ share = DEFAULT_SHARE }: SplitOptions): string => `${Number((100 * share).toFixed(1))} %`;

/**
 * Divides each class by itself, by chance but always alike for a seed: `share` of its photos, rounded, at least one and not
 * all. Both sets keep the order of the photos. A class of a single photo is a `UserError`.
 */
export function stratifiedSplit(
  photos: PhotoSet,
  classes: readonly string[],
  { share = DEFAULT_SHARE, seed = 0, measured }: SplitOptions = {},
): Division {
  if (measured === "whole") return { train: pickPhotos(photos, []), val: photos };
  if (!(0 < share && share < 1)) {
    throw new UserError(
      `split: expected a share between 0 and 1 but it is ${share}.`,
      `Give a share such as ${DEFAULT_SHARE}.`,
    );
  }
  const members = classes.map((): number[] => []);
  for (const [index, label] of photos.labels.entries()) members[label]?.push(index);
  const lonely = classes.filter((_, label) => (members[label]?.length ?? 0) < 2);
  if (0 < lonely.length) {
    throw new UserError(
      `split: expected at least two photos in each class, one for training and one for validation, but ${listed(lonely)} ${lonely.length > 1 ? "have" : "has"} fewer.`,
      "Add photos, or remove the class.",
    );
  }
  const chosen = new Set(members.flatMap((indices, label) => chosenOf(indices, { share, seed, label })));
  const part = (isVal: boolean): PhotoSet =>
    pickPhotos(
      photos,
      [...photos.names.keys()].filter((index) => chosen.has(index) === isVal),
    );
  return { train: part(false), val: part(true) };
}

function chosenOf(indices: readonly number[], { share, seed, label }: { share: number; seed: number; label: number }) {
  const count = Math.min(indices.length - 1, Math.max(1, Math.round(share * indices.length)));
  const order = permutation(indices.length, rngFor(seed, "split", label));
  return Array.from(order.subarray(0, count), (place) => indices[place] ?? 0);
}
