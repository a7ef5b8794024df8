/** The pictures of a run. */
import { join } from "node:path";
import { writeFileAtomic } from "../checkpoint/index.ts";
import { type Dataset, imageSize } from "../data/index.ts";
import type { Image } from "../image/index.ts";
import { argmaxRows, softmaxRows } from "../metrics/index.ts";
import { type Evaluation, type EvaluationReport, readRecords } from "../training/index.ts";
import { confusionPng } from "./confusion.ts";
import { curvesPng } from "./curves.ts";
import { type Prediction, predictionsPng } from "./predictions.ts";

/** What the pictures show. */
export interface PicturedRun {
  /** The run's folder; the pictures are written there. */
  readonly run: string;
  readonly model: string;
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
  readonly report: EvaluationReport;
}

/** How many pictures the grid shows, and how many of those may be mistakes. */
const SHOWN = 24;
const MISTAKES = 12;

/** Writes `curves.png`, `predictions.png` and `confusion.png` into the run's folder, and returns their paths. */
export async function writeRunPictures(pictured: PicturedRun): Promise<string[]> {
  const { run, model, dataset, evaluation, report } = pictured;
  const pictures: Record<string, () => Promise<Uint8Array>> = {
    "curves.png": async () => curvesPng(await readRecords(run), { title: `Training of ${model}` }),
    "predictions.png": async () =>
      predictionsPng(await examples(dataset, evaluation), { title: "Predictions, the surest mistakes first" }),
    "confusion.png": () => confusionPng(report.confusion, dataset.classes),
  };
  const paths: string[] = [];
  for (const [name, draw] of Object.entries(pictures)) {
    const path = join(run, name);
    await writeFileAtomic(path, await draw());
    paths.push(path);
  }
  return paths;
}

/** The mistakes that the network was surest of, then the first images that it got right. */
async function examples(dataset: Dataset, { logits, labels }: Evaluation): Promise<Prediction[]> {
  const rows = { data: logits, classes: dataset.classes.length };
  const predictions = argmaxRows(rows);
  const probabilities = softmaxRows(rows);
  const probability = (index: number): number => probabilities[index * rows.classes + (predictions[index] ?? 0)] ?? 0;
  const isRight = (index: number): boolean => predictions[index] === labels[index];
  const all = Array.from(labels.keys());
  const mistakes = all.filter((index) => !isRight(index)).sort((a, b) => probability(b) - probability(a) || a - b);
  const chosen = mistakes.slice(0, MISTAKES);
  chosen.push(...all.filter(isRight).slice(0, SHOWN - chosen.length));
  const samples = await samplesOf(dataset, chosen);
  return chosen.map((index, place) => ({
    pixels: samples[place]?.image as Image,
    truth: dataset.classes[labels[index] ?? 0] ?? "",
    predicted: dataset.classes[predictions[index] ?? 0] ?? "",
    probability: probability(index),
  }));
}

/** A sample as a picture, and its class. */
export interface PicturedSample {
  readonly image: Image;
  readonly label: number;
}

/** Samples as pictures: floats in 0..1, or in 0..255 if any is larger, with their channels last. */
export async function samplesOf(dataset: Dataset, indices: readonly number[]): Promise<PicturedSample[]> {
  const [channels, height, width] = dataset.shape;
  const size = imageSize(dataset.shape);
  const images = new Float32Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  await dataset.fillBatch?.(Uint32Array.from(indices), { images, labels });
  const scale = images.some((value) => 1 < value) ? 1 : 255;
  return indices.map((_, place) => {
    const data = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const pixel = Math.floor(i / channels) + (i % channels) * height * width;
      data[i] = Math.round((images[place * size + pixel] ?? 0) * scale);
    }
    const image = { width, height, channels: channels as Image["channels"], data };
    return { image, label: labels[place] ?? 0 };
  });
}
