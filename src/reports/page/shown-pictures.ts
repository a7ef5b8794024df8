/** Which pictures a report shows, and their forms for a page. */
import { basename } from "node:path";
import { type Batch, type Dataset, makeBatch } from "../../data/index.ts";
import { type Explainer, type Explanation, overlayHeat } from "../../explain/index.ts";
import type { Image } from "../../image/index.ts";
import { crossEntropyRows } from "../../metrics/index.ts";
import type { Evaluation } from "../../training/index.ts";
import { filesOf } from "../batch.ts";
import { dataUri, isSmall } from "../data-uri.ts";
import { answersOf, spreadOver } from "../run-pictures.ts";
import { picturesOf } from "../samples.ts";

/** A picture of the evaluation and what the network took it for. */
export interface ShownPicture {
  /** As a data URI. */
  readonly picture: string;
  /** Whether its pixels are to be seen. */
  readonly isSmall: boolean;
  readonly truth: string;
  readonly predicted: string;
  /** Of the predicted class and of the true one, 0..1. */
  readonly probability: number;
  readonly truthProbability: number;
  /** Cross entropy in nats. */
  readonly loss: number;
  readonly file: string | undefined;
  /** The picture under the heat map of the predicted class, and of the true one, as data URIs. */
  readonly heat?: { readonly predicted: string; readonly truth: string };
}

/** How many mistakes and how many samples are shown. */
export const SHOWN = { mistakes: 8, samples: 12 } as const;
/** How pictures are kept, since a page of them should not be large. */
const FORM = { longest: 160, quality: 80 } as const;

/** Answers of a network to a data set. */
export interface Answered {
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
}

/** The mistakes of the highest loss, the worst first, each under two heat maps. */
export async function worstMistakes(answered: Answered, explainer: Explainer): Promise<ShownPicture[]> {
  const { dataset, evaluation } = answered;
  const { labels } = evaluation;
  const { predictions } = answersOf(evaluation, dataset.classes.length);
  const losses = lossesOf(answered);
  const wrong = [...labels.keys()].filter((index) => predictions[index] !== labels[index]);
  const order = wrong.sort((a, b) => (losses[b] ?? 0) - (losses[a] ?? 0) || a - b).slice(0, SHOWN.mistakes);
  if (order.length === 0) return [];
  const batch = await batchOf(dataset, order);
  const classesAt = (of: Int32Array): number[] => order.map((index) => of[index] ?? 0);
  const [asPredicted, asTrue] = [
    await explainer.explain(batch.images, { classIndex: classesAt(predictions) }),
    await explainer.explain(batch.images, { classIndex: classesAt(labels) }),
  ];
  const pictures = picturesOf(dataset, batch);
  const under = async (place: number, { heat }: Pick<Explanation, "heat">): Promise<string> =>
    dataUri(overlayHeat(pictures[place]?.image as Image, heat), FORM);
  const shown = await shownOf(answered, batch, order);
  return Promise.all(
    shown.map(async (picture, place) => {
      const [predicted, truth] = [asPredicted[place], asTrue[place]];
      if (!predicted || !truth) return picture;
      return { ...picture, heat: { predicted: await under(place, predicted), truth: await under(place, truth) } };
    }),
  );
}

/** Right answers from everywhere in the data set; of each class some, where there are few. */
export async function rightSamples(answered: Answered): Promise<ShownPicture[]> {
  const { dataset, evaluation } = answered;
  const { predictions } = answersOf(evaluation, dataset.classes.length);
  const right = [...evaluation.labels.keys()].filter((index) => predictions[index] === evaluation.labels[index]);
  const order = spreadOver(right, SHOWN.samples);
  return order.length === 0 ? [] : shownOf(answered, await batchOf(dataset, order), order);
}

const batchOf = (dataset: Dataset, indices: readonly number[]): Promise<Batch> =>
  makeBatch(dataset, { indices: Uint32Array.from(indices), seed: 0, epoch: 0 });

const lossesOf = ({ dataset, evaluation: { logits, labels } }: Answered): Float64Array =>
  crossEntropyRows({ data: logits, classes: dataset.classes.length }, labels);

async function shownOf(answered: Answered, batch: Batch, order: readonly number[]): Promise<ShownPicture[]> {
  const { dataset, evaluation } = answered;
  const { classes } = dataset;
  const { predictions, probabilityOf } = answersOf(evaluation, classes.length);
  const losses = lossesOf(answered);
  const files = filesOf(dataset);
  const pictures = picturesOf(dataset, batch);
  return Promise.all(
    order.map(async (index, place) => {
      const image = pictures[place]?.image as Image;
      const [label, predicted] = [evaluation.labels[index] ?? 0, predictions[index] ?? 0];
      const path = files?.[index];
      return {
        picture: await dataUri(image, FORM),
        isSmall: isSmall(image),
        truth: classes[label] ?? "",
        predicted: classes[predicted] ?? "",
        probability: probabilityOf(index, predicted),
        truthProbability: probabilityOf(index, label),
        loss: losses[index] ?? 0,
        file: path === undefined ? undefined : basename(path),
      };
    }),
  );
}
