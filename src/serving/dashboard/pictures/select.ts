/** Which of a run's predictions are shown, and in which order. */
import { z } from "zod";
import type { Mark, Marks } from "../../../data/index.ts";
import { lookup } from "../../../lookup.ts";
import { confusionMatrix, perClass, wilsonInterval } from "../../../metrics/index.ts";
import type { PredictedSample, Predictions } from "../../../training/index.ts";
import type { PicturePage, RunReport, ShownPicture } from "../api.ts";

/** Orders of pictures. */
export const ORDERS = ["loss", "sure", "unsure", "data"] as const;

/** The query of a page of pictures. */
export const selectionSchema = z.object({
  class: z.string().optional(),
  predicted: z.string().optional(),
  only: z.enum(["wrong", "right", "marked"]).optional(),
  order: z.enum(ORDERS).default("loss"),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(60),
});

/** What is asked for. */
export type Selection = z.infer<typeof selectionSchema>;

type Indexed = PredictedSample & { readonly index: number };

const BY: Readonly<Record<Selection["order"], (a: Indexed, b: Indexed) => number>> = {
  loss: (a, b) => b.loss - a.loss,
  sure: (a, b) => b.probability - a.probability,
  unsure: (a, b) => a.probability - b.probability,
  data: () => 0,
};

const markOf = ({ file }: PredictedSample, marks: Marks): Mark | null =>
  (file === null ? undefined : lookup(marks, file)) ?? null;

/** The pictures that fit; `marks` by name. */
export function selectPictures(
  { samples }: Pick<Predictions, "samples">,
  { class: truth, predicted, only, order, offset, limit }: Selection,
  marks: Marks,
): PicturePage {
  const fits = (sample: PredictedSample): boolean =>
    (truth === undefined || sample.class === truth) &&
    (predicted === undefined || sample.predicted === predicted) &&
    (only !== "wrong" || sample.class !== sample.predicted) &&
    (only !== "right" || sample.class === sample.predicted) &&
    (only !== "marked" || markOf(sample, marks) !== null);
  const chosen = samples.map((sample, index): Indexed => ({ ...sample, index })).filter(fits);
  chosen.sort((a, b) => BY[order](a, b) || a.index - b.index);
  const pictures = chosen
    .slice(offset, offset + limit)
    .map((sample): ShownPicture => ({ ...sample, mark: markOf(sample, marks) }));
  return { total: chosen.length, offset, pictures };
}

/** One picture; undefined if there is none of that index. */
export function shownPicture(
  { samples }: Pick<Predictions, "samples">,
  index: number,
  marks: Marks,
): ShownPicture | undefined {
  const sample = samples[index];
  return sample && { ...sample, index, mark: markOf(sample, marks) };
}

/** The account of all predictions. */
export function reportOn({ samples, classes }: Predictions): RunReport {
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const labels = samples.map((sample) => indexOf.get(sample.class) ?? 0);
  const predictions = samples.map(({ predicted }) => indexOf.get(predicted) ?? 0);
  const confusion = confusionMatrix(labels, predictions, classes.length);
  const correct = labels.filter((label, index) => label === predictions[index]).length;
  return {
    count: samples.length,
    accuracy: samples.length === 0 ? 0 : correct / samples.length,
    accuracyInterval: wilsonInterval(correct, samples.length),
    loss: samples.reduce((sum, { loss }) => sum + loss, 0) / Math.max(1, samples.length),
    classes,
    confusion,
    perClass: perClass(confusion, classes),
    hasFiles: samples.some(({ file }) => file !== null),
  };
}
