/** The random parameters of transforms have torchvision's distributions: chi-squared tests with fixed seeds. */
import { describe, expect, test } from "vitest";
import type { Box, Image, Size } from "../../src/image/image.ts";
import { colorJitter, sampleJitter } from "../../src/image/transforms/color-jitter.ts";
import { randomHorizontalFlip, randomVerticalFlip } from "../../src/image/transforms/flip.ts";
import { randomGrayscale } from "../../src/image/transforms/grayscale.ts";
import { type BatchTransform, cutMix, mixUp, sampleCut, sampleShare } from "../../src/image/transforms/mix.ts";
import {
  randAugment,
  randAugmentSpace,
  sampleOperation,
  trivialAugmentSpace,
  trivialAugmentWide,
} from "../../src/image/transforms/policies.ts";
import { ERASED_RANGE, randomErasing, sampleErasedBox } from "../../src/image/transforms/random-erasing.ts";
import { INCEPTION, randomResizedCrop, sampleBox } from "../../src/image/transforms/random-resized-crop.ts";
import { sampleAngle } from "../../src/image/transforms/rotation.ts";
import { type Rng, rngFor } from "../../src/rng.ts";
import golden from "../../tools/golden/sampling.json" with { type: "json" };
import { sha256, synthetic } from "./synthetic.ts";

const DRAWS = 20_000;

/** Chi-squared that is exceeded once in 10,000 times, by the Wilson–Hilferty approximation (3.719 deviations). */
function limitOf(freedoms: number): number {
  const spread = 2 / (9 * freedoms);
  return freedoms * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
}

/** Chi-squared, as a share of its limit, of two series of counts that should be draws of one distribution. */
function distance(ours: readonly number[], theirs: readonly number[]): number {
  const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
  const ratio = total(theirs) / total(ours);
  let sum = 0;
  let freedoms = -1;
  let [rareOurs, rareTheirs] = [0, 0];
  const add = (a: number, b: number): void => {
    sum += (a * Math.sqrt(ratio) - b / Math.sqrt(ratio)) ** 2 / (a + b);
    freedoms++;
  };
  ours.forEach((count, bin) => {
    const other = theirs[bin] ?? 0;
    if (count + other >= 20) add(count, other);
    else [rareOurs, rareTheirs] = [rareOurs + count, rareTheirs + other];
  });
  if (rareOurs + rareTheirs > 0) add(rareOurs, rareTheirs);
  return freedoms < 1 ? sum : sum / limitOf(freedoms);
}

/** Chi-squared, as a share of its limit, of counts that should be in the proportion of `weights`. */
function misfit(counts: readonly number[], weights: readonly number[] = counts.map(() => 1)): number {
  const draws = counts.reduce((a, b) => a + b, 0);
  const whole = weights.reduce((a, b) => a + b, 0);
  const terms = counts.map((count, bin) => {
    const expected = (draws * weights[bin]!) / whole;
    return (count - expected) ** 2 / expected;
  });
  return terms.reduce((a, b) => a + b, 0) / limitOf(counts.length - 1);
}

/** How many of `DRAWS` draws fall into each of `bins` bins. */
function countsOf(bins: number, binOf: (rng: Rng) => number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const rng = rngFor(1, "sampling test");
  for (let i = 0; i < DRAWS; i++) counts[Math.min(Math.max(binOf(rng), 0), bins - 1)]!++;
  return counts;
}

type Drawn = Readonly<Record<string, number>>;

const described = ({ left, top, width, height }: Box, whole: Size): Drawn => ({
  ...{ left, top, width, height },
  share: (width * height) / (whole.width * whole.height),
  ratio: Math.log((width + 0.5) / (height + 0.5)),
});

const KINDS = ["brightness", "contrast", "saturation", "hue"];
const ORDERS = KINDS.flatMap((a) => KINDS.flatMap((b) => KINDS.flatMap((c) => KINDS.map((d) => [a, b, c, d])))).filter(
  (order) => new Set(order).size === KINDS.length,
);

function drawnJitter(rng: Rng): Drawn {
  const steps = sampleJitter({ brightness: 0.2, contrast: 0.1, saturation: 0.1, hue: 0.1 }, rng);
  const order = ORDERS.findIndex((names) => names.every((name, step) => name === steps[step]?.kind));
  return { order, ...Object.fromEntries(steps.map(({ kind, amount }) => [kind, amount])) };
}

interface Options extends Size {
  readonly alpha: number;
}

/** The parameters that each name of the golden file stands for. */
const DRAW: Readonly<Record<string, (options: Options, rng: Rng) => Drawn>> = {
  crop: (size, rng) => described(sampleBox(size, INCEPTION, rng), size),
  erasing: (size, rng) => described(sampleErasedBox(size, ERASED_RANGE, rng) ?? { left: 0, top: 0, ...size }, size),
  jitter: (_, rng) => drawnJitter(rng),
  mixup: ({ alpha }, rng) => ({ share: sampleShare(alpha, rng) }),
  cutmix: (options, rng) => described(sampleCut(options, options.alpha, rng), options),
};

test.each(golden.cases.map((one) => [one.name, one.parameter, JSON.stringify(one.options), one] as const))(
  "%s: %s is distributed as in torchvision, %s",
  (name, parameter, _, { options, low, high, counts }) => {
    const draw = DRAW[name]!;
    const ours = countsOf(counts.length, (rng) => {
      const value = draw(options as Options, rng)[parameter]!;
      return Math.floor(((value - low) / (high - low)) * counts.length);
    });
    expect(distance(ours, counts)).toBeLessThan(1);
  },
);

test.each(golden.fixed)("a crop of $scale areas of $size pixels is the largest centred box", (given) => {
  const [width = 0, height = 0] = given.size;
  const range = { scale: given.scale as [number, number], ratio: given.ratio as [number, number] };
  const box = sampleBox({ width, height }, range, rngFor(0, "sampling test"));
  expect([box.left, box.top, box.width, box.height]).toEqual(given.box);
});

test("boxes lie in the picture, and their area and shape in the range as far as whole pixels allow", () => {
  const size = { width: 4000, height: 3000 };
  const range = { scale: [0.2, 0.5], ratio: [0.9, 1.1] } as const;
  const rng = rngFor(2, "sampling test");
  for (let i = 0; i < 5000; i++) {
    const { left, top, width, height } = sampleBox(size, range, rng);
    expect(left >= 0 && top >= 0 && left + width <= size.width && top + height <= size.height).toBe(true);
    // half a pixel of rounding on sides of more than 1000 pixels
    expect((width * height) / 12e6).toBeGreaterThan(0.2 * 0.999);
    expect((width * height) / 12e6).toBeLessThan(0.5 * 1.001);
    expect(width / height).toBeGreaterThan(0.9 * 0.999);
    expect(width / height).toBeLessThan(1.1 * 1.001);
  }
});

test("angles are uniform in −30..30", () => {
  expect(misfit(countsOf(20, (rng) => Math.floor((sampleAngle(30, rng) + 30) / 3)))).toBeLessThan(1);
});

const picture = synthetic(9, 5, 3);

test.each([
  ["horizontal flip", randomHorizontalFlip(), 0.5],
  ["vertical flip", randomVerticalFlip(0.3), 0.3],
  ["grey", randomGrayscale(0.025), 0.025],
] as const)("%s happens with its probability", (_, transform, probability) => {
  const counts = countsOf(2, (rng) => (transform(picture, rng) === picture ? 0 : 1));
  expect(misfit(counts, [1 - probability, probability])).toBeLessThan(1);
});

test("random erasing happens with its probability, with the value or with normal noise", () => {
  const size = { width: 50, height: 50 };
  const rng = rngFor(3, "sampling test");
  const results = Array.from({ length: 2000 }, () =>
    randomErasing({ probability: 0.25, value: 7 })(new Float32Array(7500), size, rng),
  );
  const erased = results.filter((result) => result.includes(7));
  expect(misfit([2000 - erased.length, erased.length], [3, 1])).toBeLessThan(1);
  const noise = randomErasing({ probability: 1, value: "random", scale: [0.3, 0.3] })(
    new Float32Array(7500),
    size,
    rng,
  );
  const values = noise.filter((value) => value !== 0);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  // four standard errors of a normal sample
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(values.length));
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
});

test("factors are not negative, and what has no range is left alone", () => {
  const rng = rngFor(4, "sampling test");
  const drawn = Array.from({ length: 2000 }, () => sampleJitter({ brightness: 3 }, rng));
  expect(drawn.every((steps) => steps.length === 1 && steps[0]!.amount >= 0 && steps[0]!.amount < 4)).toBe(true);
  expect(sampleJitter({}, rng)).toEqual([]);
  expect(colorJitter({})(picture, rng)).toBe(picture);
});

describe.each([
  ["RandAugment", randAugmentSpace(picture)],
  ["TrivialAugment", trivialAugmentSpace()],
] as const)("%s", (_, space) => {
  const draw = (rng: Rng) => sampleOperation(space, (bins) => rng.integer(0, bins - 1), rng);

  test("chooses all operations alike", () => {
    const names = space.map(([name]) => name);
    expect(misfit(countsOf(names.length, (rng) => names.indexOf(draw(rng).name)))).toBeLessThan(1);
  });

  test("chooses all strengths and both signs alike", () => {
    const strengths = space.find(([name]) => name === "ShearX")![1].magnitudes!;
    const counts = new Array<number>(2 * strengths.length).fill(0);
    const rng = rngFor(5, "sampling test");
    for (let i = 0; i < 10 * DRAWS; i++) {
      const { name, magnitude } = draw(rng);
      if (name === "ShearX")
        counts[2 * strengths.indexOf(Math.abs(magnitude)) + (Object.is(magnitude, Math.abs(magnitude)) ? 0 : 1)]!++;
    }
    expect(misfit(counts)).toBeLessThan(1);
  });
});

test("the same stream gives the same picture, from each transform", () => {
  const large = synthetic(60, 47, 3);
  for (const transform of [randAugment(), trivialAugmentWide(), randomResizedCrop(32)]) {
    const made = (seed: number): Image => transform(large, rngFor(seed, "sampling test"));
    expect(made(1)).toEqual(made(1));
    expect(new Set(Array.from({ length: 9 }, (_, seed) => sha256(made(seed).data))).size).toBeGreaterThan(1);
  }
});

test.each([
  ["mixUp", mixUp({ classes: 3 })],
  ["cutMix", cutMix({ classes: 3 })],
] as const)("%s gives labels as shares of the classes that the pixels came from", (name, mix: BatchTransform) => {
  const [width, height] = [8, 6];
  const labels = [2, 0, 1, 1];
  // all pixels of a sample are its number plus one, so that the result tells the shares
  const images = Float32Array.from(
    { length: 4 * 3 * width * height },
    (_, i) => 1 + Math.floor(i / (3 * width * height)),
  );
  for (let seed = 0; seed < 50; seed++) {
    const mixed = mix({ images, labels, width, height }, rngFor(seed, "sampling test"));
    labels.forEach((label, row) => {
      const before = (row + 3) % 4;
      const pixels = mixed.images.subarray(row * 3 * width * height, (row + 1) * 3 * width * height);
      if (name === "cutMix") expect(pixels.every((value) => value === row + 1 || value === before + 1)).toBe(true);
      const mean = pixels.reduce((a, b) => a + b, 0) / pixels.length;
      const share = (mean - (before + 1)) / (row - before);
      const expected = [0, 0, 0];
      expected[label]! += share;
      expected[labels[before]!]! += 1 - share;
      const targets = mixed.targets.subarray(3 * row, 3 * row + 3);
      // sums of 144 numbers in single precision
      for (const [at, target] of targets.entries()) expect(Math.abs(target - expected[at]!)).toBeLessThan(1e-4);
    });
  }
});
