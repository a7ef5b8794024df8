/** The pictures of a run. */
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";
import type { Dataset } from "../data/index.ts";
import type { Image } from "../image/index.ts";
import { argmaxRows, crossEntropyRows, softmaxRows } from "../metrics/index.ts";
import { type Evaluation, type EvaluationReport, readRecords } from "../training/index.ts";
import { filesOf, firstBatchPng } from "./batch.ts";
import { confusionPng } from "./confusion.ts";
import { curvesPng } from "./curves.ts";
import { type CostlyPrediction, type Prediction, predictionsPng, worstPng } from "./predictions.ts";
import { samplesOf } from "./samples.ts";

/** What the pictures show. */
export interface PicturedRun {
  /** The run's folder; the pictures are written there. */
  readonly run: string;
  readonly model: string;
  /** The training images, as the network saw them. */
  readonly train: Dataset;
  /** Seed of the run. */
  readonly seed: number;
  /** The images that were evaluated. */
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
  readonly report: EvaluationReport;
}

/** Whether a run's folder has all pictures that every run has. */
export async function hasRunPictures(run: string): Promise<boolean> {
  const there = PICTURES.map((name) =>
    access(join(run, name)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(there)).every(Boolean);
}

/** Those of every run. */
const PICTURES = ["batch.png", "curves.png", "predictions.png", "confusion.png"];
/** How many pictures the grid shows, and how many of those may be mistakes. */
const SHOWN = 24;
const MISTAKES = 12;

/**
 * Writes `batch.png`, `curves.png`, `predictions.png`, `confusion.png`, and for photos `worst.png`, into the run's folder, and returns
 * their paths.
 */
export async function writeRunPictures(pictured: PicturedRun): Promise<string[]> {
  const { run, model, train, seed, dataset, evaluation, report } = pictured;
  const files = filesOf(dataset);
  const pictures: Record<string, () => Promise<Uint8Array>> = {
    "batch.png": () =>
      firstBatchPng(train, {
        seed,
        epoch: 0,
        count: SHOWN,
        subtitle: "The first training images as the network saw them",
      }),
    "curves.png": async () => curvesPng(await readRecords(run), { title: `Training of ${model}` }),
    "predictions.png": async () =>
      predictionsPng(await examples(dataset, evaluation), { title: "Predictions, the surest mistakes first" }),
    "confusion.png": () => confusionPng(report.confusion, dataset.classes),
    ...(files && { "worst.png": async () => worstPng(await costliest(dataset, { evaluation, files })) }),
  };
  // one is drawn while the photos of another are decoded
  return Promise.all(
    Object.entries(pictures).map(async ([name, draw]) => {
      const path = join(run, name);
      await writeFileAtomic(path, await draw());
      return path;
    }),
  );
}

/** The mistakes that the network was surest of, then images that it got right, from everywhere in the data set: indices. */
export function exampleOrder(evaluation: Evaluation, classes: number): number[] {
  const { labels } = evaluation;
  const { predictions, probability } = answersOf(evaluation, classes);
  const isRight = (index: number): boolean => predictions[index] === labels[index];
  const all = Array.from(labels.keys());
  const mistakes = all.filter((index) => !isRight(index)).sort((a, b) => probability(b) - probability(a) || a - b);
  const chosen = mistakes.slice(0, MISTAKES);
  return [...chosen, ...spreadOver(all.filter(isRight), SHOWN - chosen.length)];
}

const examples = (dataset: Dataset, evaluation: Evaluation): Promise<Prediction[]> =>
  predictionsOf(dataset, evaluation, exampleOrder(evaluation, dataset.classes.length));

/** `count` of the items, evenly spread; all of them if they are fewer. */
export const spreadOver = (items: readonly number[], count: number): number[] =>
  items.filter((_, at) => Math.floor((at * count) / items.length) !== Math.floor(((at - 1) * count) / items.length));

/** The images of the highest loss, the highest first. */
async function costliest(
  dataset: Dataset,
  { evaluation, files }: { evaluation: Evaluation; files: readonly string[] },
): Promise<CostlyPrediction[]> {
  const losses = crossEntropyRows({ data: evaluation.logits, classes: dataset.classes.length }, evaluation.labels);
  const loss = (index: number): number => losses[index] ?? 0;
  const chosen = [...losses.keys()].sort((a, b) => loss(b) - loss(a) || a - b).slice(0, SHOWN);
  const found = await predictionsOf(dataset, evaluation, chosen);
  return found.map((item, place) => {
    const index = chosen[place] ?? 0;
    return { ...item, loss: loss(index), file: basename(files[index] ?? "") };
  });
}

/** The class that each image is taken for, and how probable the network holds that or another. */
export function answersOf({ logits }: Evaluation, classes: number) {
  const rows = { data: logits, classes };
  const predictions = argmaxRows(rows);
  const probabilities = softmaxRows(rows);
  const probabilityOf = (index: number, of: number): number => probabilities[index * classes + of] ?? 0;
  return { predictions, probabilityOf, probability: (index: number) => probabilityOf(index, predictions[index] ?? 0) };
}

async function predictionsOf(
  dataset: Dataset,
  evaluation: Evaluation,
  chosen: readonly number[],
): Promise<Prediction[]> {
  const { predictions, probability } = answersOf(evaluation, dataset.classes.length);
  const samples = await samplesOf(dataset, chosen);
  return chosen.map((index, place) => ({
    pixels: samples[place]?.image as Image,
    truth: dataset.classes[evaluation.labels[index] ?? 0] ?? "",
    predicted: dataset.classes[predictions[index] ?? 0] ?? "",
    probability: probability(index),
  }));
}
