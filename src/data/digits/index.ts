/** The data set `digits`: digits that ocelli draws itself, so that there is something to learn without any network. */
import { createHash } from "node:crypto";
import { permutation, rngFor } from "../../rng.ts";
import { pixelDataset } from "../dataset.ts";
import type { IdxData } from "../idx-folder.ts";
import { DIGIT_SIZE, drawDigit } from "./draw.ts";

export { DIGIT_SIZE, drawDigit } from "./draw.ts";

const COUNTS = { train: 12_000, val: 2_000 } as const;
const CLASSES = Array.from({ length: 10 }, (_, digit) => String(digit));
/** Always the same drawings: the seed of a run changes the order in which they are learned, not the data. */
const SEED = 20_170_915;

interface Drawings {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** As many drawings of each digit, in random order. */
function drawAll(split: keyof typeof COUNTS): Drawings {
  const count = COUNTS[split];
  const size = DIGIT_SIZE * DIGIT_SIZE;
  const images = new Uint8Array(count * size);
  const labels = Uint8Array.from(
    permutation(count, rngFor(SEED, `digits ${split}`)),
    (place) => place % CLASSES.length,
  );
  labels.forEach((digit, index) => {
    images.set(drawDigit(digit, rngFor(SEED, `digits ${split}`, index)), index * size);
  });
  return { images, labels };
}

/** Draws 12,000 images [1, 28, 28] for training and 2,000 for validation, always the same, in about a second. */
export function loadDigits({ rawPixels }: { readonly rawPixels?: boolean } = {}): IdxData {
  const [train, test] = [drawAll("train"), drawAll("val")];
  const hash = createHash("sha256");
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  const dataset = (drawings: Drawings) =>
    pixelDataset({ ...drawings, shape: [1, DIGIT_SIZE, DIGIT_SIZE], classes: CLASSES, rawPixels });
  return {
    train: dataset(train),
    test: dataset(test),
    source: "digits drawn by ocelli itself",
    dataHash: hash.digest("hex"),
  };
}
