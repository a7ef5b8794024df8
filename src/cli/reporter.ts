/** Shows training: a bar that moves on a terminal, plain lines elsewhere. */

import { harmless } from "../harmless.ts";
import type { EpochRecord, EvalRecord } from "../metrics/index.ts";
import type { TrainingEvent, TrainingListener } from "../training/index.ts";
import { duration, percent } from "./output.ts";
import { drawBar } from "./progress-line.ts";

type StepEvent = Extract<TrainingEvent, { type: "step" }>;
type WaitEvent = Extract<TrainingEvent, { type: "wait" }>;
type StartEvent = Extract<TrainingEvent, { type: "start" }>;

/** Where the reporter writes, and who else gets the plain lines. */
export interface ReporterOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Gets each plain line, for `log.txt`. */
  readonly onLine?: (line: string) => void;
}

/** Without a terminal, this many lines for each epoch. */
const LINES_PER_EPOCH = 5;
/** A terminal is written to at most so often, in milliseconds. */
const REDRAW_AFTER = 80;

/** A listener that writes to `output`. */
export function createReporter(output: ReporterOutput): TrainingListener {
  let drawn = 0;
  let hasBar = false;
  const clear = (): void => {
    if (hasBar) output.write("\r\x1b[2K");
    hasBar = false;
  };
  const line = (text: string): void => {
    clear();
    output.write(`${harmless(text)}\n`);
    output.onLine?.(text);
  };
  const bar = (text: string): void => {
    if (performance.now() - drawn < REDRAW_AFTER) return;
    drawn = performance.now();
    hasBar = true;
    output.write(`\r\x1b[2K${harmless(text).slice(0, Math.max(0, output.columns - 1))}`);
  };
  return (event) => {
    if (event.type === "step" && output.isTerminal) bar(stepBar(event, output.columns - 1));
    else if (event.type === "step" && isMilestone(event)) line(stepLine(event));
    else if (event.type === "wait" && output.isTerminal) bar(waitBar(event));
    else if (event.type === "note") line(event.text);
    else if (event.type === "start") for (const text of startLines(event)) line(text);
    else if (event.type === "eval") line(evalLine(event));
    else if (event.type === "epoch") line(epochLine(event));
    else if (event.type === "best") output.onLine?.(`best so far: ${percent(event.accuracy)}, saved as ${event.file}`);
    else if (event.type === "stopped") line(`Stopped after step ${event.step}. Go on with: ocelli resume ${event.run}`);
    else if (event.type === "end") line(`Done after ${duration(event.summary.seconds)}.`);
  };
}

const isMilestone = ({ batch, stepsPerEpoch }: StepEvent): boolean =>
  batch < stepsPerEpoch && batch % Math.ceil(stepsPerEpoch / LINES_PER_EPOCH) === 0;

const speed = (imagesPerSecond: number): string => `${Math.round(imagesPerSecond).toLocaleString("en-US")} images/s`;

const lossText = ({ train }: StepEvent): string => `loss ${train.loss.toFixed(4)}`;
const leftText = ({ secondsLeft }: StepEvent): string[] => (secondsLeft === 0 ? [] : [`${duration(secondsLeft)} left`]);

function stepFigures(event: StepEvent): string {
  const { train, imagesPerSecond } = event;
  const figures = [lossText(event), `accuracy ${percent(train.accuracy)}`, speed(imagesPerSecond), ...leftText(event)];
  return figures.join(" · ");
}

/**
 * The line of a step on a terminal of so many columns. What does not fit is left out in the order of its worth: first the speed
 * and half of the bar, then the accuracy, the bar and the loss; the time that is left goes last.
 */
export function stepBar(event: StepEvent, columns: number): string {
  const { epoch, batch, stepsPerEpoch, train, imagesPerSecond } = event;
  const bar = drawBar(batch / stepsPerEpoch);
  const half = drawBar(batch / stepsPerEpoch, bar.length / 2);
  const [steps, left] = [`${batch}/${stepsPerEpoch}`, leftText(event)];
  const [loss, accuracy] = [lossText(event), `accuracy ${percent(train.accuracy)}`];
  const forms = [
    [`epoch ${epoch} ${bar} ${steps}`, loss, accuracy, speed(imagesPerSecond), ...left],
    [`epoch ${epoch} ${half} ${steps}`, loss, accuracy, speed(imagesPerSecond), ...left],
    [`epoch ${epoch} ${half} ${steps}`, loss, accuracy, ...left],
    [`epoch ${epoch} ${steps}`, loss, accuracy, ...left],
    [`epoch ${epoch} ${steps}`, loss, ...left],
    [`epoch ${epoch} ${steps}`, ...left],
    left,
  ].map((parts) => parts.join(" · "));
  return forms.find((form) => form.length <= columns) ?? "";
}

const stepLine = (event: StepEvent): string =>
  `epoch ${event.epoch}, step ${event.batch}/${event.stepsPerEpoch} · ${stepFigures(event)}`;

function waitBar({ what, done, total }: WaitEvent): string {
  if (total === undefined) return `${what} ${done.toLocaleString("en-US")}`;
  return `${what} ${drawBar(done / total)} ${done.toLocaleString("en-US")}/${total.toLocaleString("en-US")}`;
}

function startLines({
  model,
  parameters,
  engine,
  source,
  trainImages,
  valImages,
  epochs,
  run,
  step,
}: StartEvent): string[] {
  const count = (value: number): string => value.toLocaleString("en-US");
  return [
    `${model} (${count(parameters)} parameters) on the ${engine} engine`,
    `${source}: ${count(trainImages)} images to train, ${count(valImages)} to validate`,
    step === 0
      ? `${epochs} ${epochs === 1 ? "epoch" : "epochs"}, run folder ${run}`
      : `going on after step ${count(step)}, ${epochs} epochs in all, run folder ${run}`,
  ];
}

const evalLine = ({ epoch, step, val }: EvalRecord): string =>
  `epoch ${epoch}, after step ${step} · validation loss ${val.loss.toFixed(4)}, accuracy ${percent(val.accuracy)}`;

/** A smaller share of the time is not worth a word. */
const SHORT_WAIT = 0.01;

const epochLine = ({ epoch, train, val, seconds, dataWaitShare = 0 }: EpochRecord): string =>
  `epoch ${epoch} done in ${duration(seconds)} · training loss ${train.loss.toFixed(4)}, accuracy ${percent(train.accuracy)} · ` +
  `validation loss ${val.loss.toFixed(4)}, accuracy ${percent(val.accuracy)}` +
  (SHORT_WAIT <= dataWaitShare ? ` · ${percent(dataWaitShare)} of the steps' time spent waiting for data` : "");
