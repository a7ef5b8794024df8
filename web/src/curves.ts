/** The lines of a run's charts. */
import type { Metrics } from "../../src/serving/dashboard/api.ts";
import type { Line } from "./parts/chart.tsx";

/** What stands on the horizontal axis. */
export interface Axis {
  readonly label: string;
  /** Of a step. */
  readonly x: (step: number) => number;
}

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

/** The lines of loss: of steps, of training epochs and of validation. */
export const lossLines = (metrics: Metrics, axis: Axis): Line[] => [
  {
    label: "step",
    colour: "--train",
    faint: true,
    points: metrics.steps.map(([step, loss]): Point => [axis.x(step), loss]),
  },
  { label: "training", colour: "--train", points: training(metrics, axis, "loss") },
  { label: "validation", colour: "--val", points: validation(metrics, axis, "loss") },
];

/** The lines of accuracy. */
export const accuracyLines = (metrics: Metrics, axis: Axis): Line[] => [
  { label: "training", colour: "--train", points: training(metrics, axis, "accuracy") },
  { label: "validation", colour: "--val", points: validation(metrics, axis, "accuracy") },
];

/** The line of the learning rate. */
export const rateLines = ({ steps }: Metrics, axis: Axis): Line[] => [
  { label: "learning rate", colour: "--rate", points: steps.map(([step, , lr]): Point => [axis.x(step), lr]) },
];
