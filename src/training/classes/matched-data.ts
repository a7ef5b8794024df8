/** Data sets and evaluations under a model's outputs. */
import type { Dataset, IdxData } from "../../data/index.ts";
import { wilsonInterval } from "../../metrics/index.ts";
import { IMAGENET_CLASSES } from "../../models/index.ts";
import type { Evaluation } from "../network-trainer.ts";
import { evaluationOf } from "../step-results.ts";
import { type ClassMatch, type ModelClasses, matchClasses, undecided } from "./match-classes.ts";

const isSame = ({ outputs, classes }: ClassMatch): boolean =>
  outputs.length === classes.length && outputs.every((output, place) => output === place);

/** The same evaluation with the model's outputs for labels. */
export function labelledByOutputs(evaluation: Evaluation, match: ClassMatch): Evaluation {
  if (isSame(match)) return evaluation;
  return evaluationOf(
    evaluation.logits,
    evaluation.labels.map((label) => match.outputs[label] ?? -1),
  );
}

/** The same data set with the model's outputs for labels and their names for classes; the main thread serves it. */
function datasetByOutputs<Set extends Dataset>(dataset: Set, match: ClassMatch): Set {
  const { outputs, classes } = match;
  const output = (label: number): number => outputs[label] ?? -1;
  const labels = dataset.labels && Int32Array.from(dataset.labels, output);
  return Object.create(dataset, {
    classes: { value: classes },
    labels: { value: labels },
    remote: { value: undefined },
    fillBatch: { value: undefined },
    sample: {
      async value(...args: Parameters<Dataset["sample"]>) {
        const { image, label } = await dataset.sample(...args);
        return { image, label: output(label) };
      },
    },
  }) as Set;
}

/** The data with the outputs of the model for labels; themselves if they are so already. Other classes are a `UserError`. */
export function dataByOutputs<Data extends Pick<IdxData, "train" | "test">>(data: Data, model: ModelClasses): Data {
  const match = matchClasses(model, data.test.classes);
  if (isSame(match)) return data;
  return { ...data, train: datasetByOutputs(data.train, match), test: datasetByOutputs(data.test, match) };
}

/**
 * The way of two in which the answers fit the labels. It is taken only where its accuracy is beyond the other's interval of
 * 95 %, so that no picture decides alone; otherwise ImageNet's order for as many classes, or a `UserError`.
 */
export function decideMatch(matches: readonly ClassMatch[], evaluation: Evaluation, model: ModelClasses): ClassMatch {
  const [first, second] = matches;
  if (!first) throw new Error("expected a way to match classes");
  if (!second) return first;
  const tried = [first, second].map((match) => {
    const { correct, count } = labelledByOutputs(evaluation, match);
    return { match, correct, count, interval: wilsonInterval(correct, count) };
  });
  const [best, worst] = tried.toSorted((a, b) => b.correct - a.correct);
  if (!best || !worst) return first;
  const figures = `${best.match.order} order ${best.correct} of ${best.count} answers are right, in ${worst.match.order} order ${worst.correct}`;
  const isClear = worst.interval[1] < best.interval[0];
  if (!isClear && model.classes.length !== IMAGENET_CLASSES.length) throw undecided(model, `; in ${figures}`);
  const match = isClear ? best.match : first;
  const note = isClear ? `In ${figures}: ${match.order} order is taken. --class-order sets it.` : "";
  return { ...match, notes: [...match.notes, ...(note ? [note] : [])] };
}
