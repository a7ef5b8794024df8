/** The lines of a run's charts. */
import type { Metrics } from "../../src/serving/dashboard/api.ts";
import type { Line } from "./parts/chart.tsx";

/** What stands on the horizontal axis. */
export interface Axis {
  readonly label: string;
  /** Of a step. */
  readonly x: (step: number) => number;
}

/** Ways to draw a line, so that lines are told apart without colours too; the first is a whole line. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** Epochs, where it is known how many steps one has; steps otherwise. */
export function axisOf({ epochs }: Metrics): Axis {
  const first = epochs[0];
  if (!first) return { label: "step", x: (step) => step };
  return { label: "epoch", x: (step) => (step * first.epoch) / first.step };
}

type Point = readonly [x: number, y: number];

/** Validation figures of epochs and of evaluations within them, in order. */
export const validation = ({ epochs, evals }: Metrics, axis: Axis, figure: "loss" | "accuracy"): Point[] =>
  [...epochs, ...evals].toSorted((a, b) => a.step - b.step).map(({ step, val }): Point => [axis.x(step), val[figure]]);

/** Training figures of epochs. */
export const training = ({ epochs }: Metrics, axis: Axis, figure: "loss" | "accuracy"): Point[] =>
  epochs.map(({ step, train }): Point => [axis.x(step), train[figure]]);

const stepLine = ({ steps }: Metrics, axis: Axis): Line => ({
  ...{ label: "training loss of each step", colour: "--train", faint: true },
  points: steps.map(([step, loss]): Point => [axis.x(step), loss]),
});

/** The lines of loss: of steps, of training epochs and of validation. */
export const lossLines = (metrics: Metrics, axis: Axis): Line[] => [
  ...(metrics.steps.length === 0 ? [] : [stepLine(metrics, axis)]),
  { label: "training loss", colour: "--train", points: training(metrics, axis, "loss") },
  { label: "validation loss", colour: "--val", dash: DASHES[1], points: validation(metrics, axis, "loss") },
];

/** The lines of accuracy. */
export const accuracyLines = (metrics: Metrics, axis: Axis): Line[] => [
  { label: "training accuracy", colour: "--train", points: training(metrics, axis, "accuracy") },
  {
    ...{ label: "validation accuracy", colour: "--val", dash: DASHES[1] },
    points: validation(metrics, axis, "accuracy"),
  },
];

/** The line of the learning rate. */
export const rateLines = ({ steps }: Metrics, axis: Axis): Line[] => [
  { label: "learning rate", colour: "--rate", points: steps.map(([step, , lr]): Point => [axis.x(step), lr]) },
];
