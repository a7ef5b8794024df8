/** An exported model against the network that it is from. */
import type { ModelFile } from "../engines/onnx/model-file.ts";
import { argmaxRows } from "../metrics/index.ts";
import { rngFor } from "../rng.ts";
import { inputShapeOf, type ModelInput } from "../training/index.ts";
import { type Answers, type Classifier, runBytes, runFloats } from "./classifier.ts";
import type { ModelFacts } from "./facts.ts";
import { type BytesBatch, pickBytes, toFloats } from "./pixels.ts";

/** How far two models' answers to the same pictures are apart. */
export interface Difference {
  readonly pictures: number;
  /** Whether they were made for this, since there were no real ones. */
  readonly generated: boolean;
  /** The largest of all pictures and classes. */
  readonly probabilities: number;
  readonly logits: number;
  /** Pictures for which both name the same class first. */
  readonly sameClass: number;
}

/** An ONNX file of another precision against the one of fp32. */
export interface Gain {
  /** fp32's accuracy less this one's; null without validation pictures. */
  readonly lostAccuracy: number | null;
  /** Sizes of the ONNX files. */
  readonly bytes: number;
  readonly bytesFp32: number;
  /** Milliseconds for the same batch. */
  readonly batch: number;
  readonly milliseconds: number;
  readonly millisecondsFp32: number;
}

/** Pictures of a check. */
const PICTURES = 32;
/** Those that a network sees at once. */
const BATCH = 8;

/** Pictures to compare models on: of the validation set where that is there, or else soft random squares. */
export async function checkPictures(
  { data }: ModelFacts,
  input: ModelInput,
): Promise<Pick<BytesBatch, "bytes" | "size"> & { readonly generated: boolean }> {
  if (data) return { ...(await pickBytes(data.test, PICTURES, input)), generated: false };
  const [channels, height, width] = inputShapeOf(input);
  const bytes = new Uint8Array(PICTURES * height * width * channels);
  for (let picture = 0; picture < PICTURES; picture++) {
    const rng = rngFor(picture, "pictures of a check");
    const colours = Uint8Array.from({ length: 8 * 8 * channels }, () => rng.integer(0, 255));
    for (let i = 0; i < height * width * channels; i++) {
      const [y, x] = [Math.floor(i / channels / width), Math.floor(i / channels) % width];
      const square = Math.floor((8 * y) / height) * 8 + Math.floor((8 * x) / width);
      bytes[picture * height * width * channels + i] = colours[square * channels + (i % channels)] ?? 0;
    }
  }
  return { bytes, size: PICTURES, generated: true };
}

/** Compares an exported model with the network on an engine. */
export async function compare(
  file: ModelFile,
  network: Pick<Classifier, "logits">,
  {
    input,
    pictures,
    classes,
  }: { input: ModelInput; pictures: Awaited<ReturnType<typeof checkPictures>>; classes: number },
): Promise<Difference> {
  const { bytes, size, generated } = pictures;
  const length = bytes.length / size;
  const largest = { probabilities: 0, logits: 0 };
  let sameClass = 0;
  for (let first = 0; first < size; first += BATCH) {
    const part = bytes.slice(first * length, Math.min(size, first + BATCH) * length);
    const expected = await runFloats(network, toFloats(part, input), classes);
    const found = await runBytes(file, part);
    for (const key of ["probabilities", "logits"] as const)
      largest[key] = Math.max(largest[key], largestDifference(expected[key], found[key]));
    sameClass += sameClasses(expected, found, classes);
  }
  return { pictures: size, generated, ...largest, sameClass };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`expected ${a.length} answers of the exported model, got ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(Number(a[i]) - Number(b[i]));
    if (!(difference <= largest)) largest = difference; // NaN counts
  }
  return largest;
}

function sameClasses(a: Answers, b: Answers, classes: number): number {
  const [first, second] = [a, b].map(({ logits }) => argmaxRows({ data: logits, classes }));
  return first?.filter((index, row) => index === second?.[row]).length ?? 0;
}

/** Runs of each model whose median counts. */
const RUNS = 7;

/** Milliseconds that each of two models takes for a batch of pictures, medians of alternating runs. */
export async function timeBoth(
  files: readonly [ModelFile, ModelFile],
  { bytes, size }: Pick<BytesBatch, "bytes" | "size">,
): Promise<[number, number]> {
  const batch = bytes.slice(0, (bytes.length / size) * Math.min(size, BATCH));
  const times: [number[], number[]] = [[], []];
  for (let run = 0; run <= RUNS; run++) {
    for (const which of [0, 1] as const) {
      const start = performance.now();
      await runBytes(files[which], batch.slice());
      if (0 < run) times[which].push(performance.now() - start); // the first makes buffers
    }
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return [median(times[0]), median(times[1])];
}
