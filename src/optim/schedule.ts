/**
 * Learning-rate schedules: the rate of each optimizer step, as PyTorch's schedulers have it.
 *
 * Every schedule but plateau is a pure function of the step, so a resumed run needs nothing but the step's number.
 */
import { UserError } from "../errors.ts";
import type { MainSchedule, ScheduleSpec } from "./schedule-spec.ts";

export { parseSchedule, SCHEDULE_FORMS, type ScheduleSpec } from "./schedule-spec.ts";

/** What a schedule is laid over. */
export interface ScheduleSpan {
  /** The rate that the schedule starts from; the peak of a one-cycle. Above 0. */
  readonly learningRate: number;
  /** Optimizer steps in an epoch, 1 or more. */
  readonly stepsPerEpoch: number;
  /** Epochs of the whole run, 1 or more. */
  readonly epochs: number;
}

/** A moment in training, both counted from 0 over the whole run: the optimizer step and the epoch that it is in. */
export interface Moment {
  readonly step: number;
  readonly epoch: number;
}

/** What plateau remembers, plain JSON for checkpoints; null for every other schedule. */
export type ScheduleState = {
  /** How often the rate was reduced. */
  readonly reductions: number;
  /** The best metric so far; null before the first. */
  readonly best: number | null;
  /** Epochs since then. */
  readonly badEpochs: number;
} | null;

/** A schedule in use. */
export interface Schedule {
  /** The rate of one optimizer step, in float64; 0 or more. */
  learningRateAt(moment: Moment): number;
  /** Tells plateau the validation loss of an epoch that ended; nothing to the others. */
  afterEpoch(loss: number): void;
  /** What a checkpoint keeps. */
  state(): ScheduleState;
  /** Goes on from a state that was kept; a state of another kind of schedule changes nothing. */
  restore(state: ScheduleState): void;
}

/** How many of the schedule's own steps and epochs have passed, and how many steps it has in all. */
interface Clock extends Moment {
  readonly totalSteps: number;
}

/** Share of the rate that a warm-up starts at: torchvision's reference recipes. */
const WARMUP_START = 0.01;
/** One-cycle: peak ÷ first rate, and first ÷ last (PyTorch's div_factor and final_div_factor). */
const CYCLE_START_DIVISOR = 25;
const CYCLE_END_DIVISOR = 1e4;
/** Plateau: a loss must fall below best·(1 − this) to count; a reduction of less than the second is not made. */
const PLATEAU_THRESHOLD = 1e-4;
const PLATEAU_SMALLEST = 1e-8;

const cosineBetween = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * Math.min(share, 1)));

/** One-cycle (Smith & Topin 2018) in two cosine phases, momentum left alone: PyTorch's OneCycleLR without cycle_momentum. */
function oneCycleRate(peak: number, rise: number, { step, totalSteps }: Clock): number {
  const first = peak / CYCLE_START_DIVISOR;
  const top = rise * totalSteps - 1; // the step of the peak, not whole; 0 or less in very short runs, which only fall
  if (step <= top && top > 0) return cosineBetween(first, peak, step / top);
  return cosineBetween(peak, first / CYCLE_END_DIVISOR, (step - top) / (totalSteps - 1 - top));
}

/** The schedule's rate behind the warm-up; plateau's reductions come on top. */
function mainRate(main: MainSchedule, base: number, clock: Clock): number {
  switch (main.kind) {
    case "step":
      return base * main.gamma ** Math.floor(clock.epoch / main.epochs);
    case "multistep":
      return base * main.gamma ** main.milestones.filter((epoch) => epoch <= clock.epoch).length;
    case "cosine":
      return cosineBetween(base, main.minimum, clock.step / clock.totalSteps);
    case "onecycle":
      return oneCycleRate(base, main.rise, clock);
    case "none":
    case "plateau":
      return base;
  }
}

/** Linear from WARMUP_START to 1 over the first `steps` steps: PyTorch's LinearLR. */
const warmupFactor = (step: number, steps: number): number =>
  steps === 0 ? 1 : WARMUP_START + (1 - WARMUP_START) * Math.min(step / steps, 1);

/** Counts the epochs whose loss is no better than the best, and reductions: PyTorch's ReduceLROnPlateau, relative, "min". */
function plateauTracker(
  base: number,
  main: MainSchedule,
): Pick<Schedule, "afterEpoch" | "state" | "restore"> & { factor(): number } {
  if (main.kind !== "plateau") return { factor: () => 1, afterEpoch: () => {}, state: () => null, restore: () => {} };
  const { factor, patience } = main;
  let current: NonNullable<ScheduleState> = { reductions: 0, best: null, badEpochs: 0 };
  const reduced = (): number => {
    const rate = base * factor ** current.reductions;
    return rate - rate * factor > PLATEAU_SMALLEST ? current.reductions + 1 : current.reductions;
  };
  return {
    factor: () => factor ** current.reductions,
    afterEpoch(loss) {
      // only finite losses, for JSON has no others
      const better =
        Number.isFinite(loss) && loss < (current.best ?? Number.POSITIVE_INFINITY) * (1 - PLATEAU_THRESHOLD);
      const badEpochs = better ? 0 : current.badEpochs + 1;
      const best = better ? loss : current.best;
      current = badEpochs > patience ? { reductions: reduced(), best, badEpochs: 0 } : { ...current, best, badEpochs };
    },
    state: () => current,
    restore(state) {
      if (state) current = state;
    },
  };
}

/** Refuses what only the run's length or rate shows to be wrong. */
function checkSpan(spec: ScheduleSpec, { learningRate, epochs }: ScheduleSpan): void {
  if (spec.warmupEpochs >= epochs) {
    throw new UserError(
      `schedule: expected a warm-up shorter than the run of ${epochs} epochs but it is ${spec.warmupEpochs}.`,
      "Shorten the warm-up (a part of an epoch will do, as in warmup:0.5+cosine) or train for more epochs.",
    );
  }
  if (spec.kind === "cosine" && spec.minimum > learningRate) {
    throw new UserError(
      `schedule: expected cosine to end at or below the learning rate ${learningRate} but its last rate is ${spec.minimum}.`,
      "Lower the last rate or raise the learning rate.",
    );
  }
}

/**
 * Lays a schedule over a run.
 *
 * - step and multistep change between epochs: `gamma` after every `epochs` epochs, or at each milestone
 * - cosine (to its last rate) and one-cycle change at every step and end with the run; later steps keep the last rate
 * - a warm-up rises linearly at every step from 0.01 of the rate; the schedule behind it begins where it ends, with its
 *   own epochs counted from there, as in PyTorch's SequentialLR (whole epochs, if the warm-up ends within one)
 * - plateau multiplies by `factor` when more than `patience` epochs in a row bring no loss below the best by 0.01 %;
 *   epochs of a warm-up count too
 *
 * A warm-up as long as the run, or a cosine that would rise, is a `UserError`.
 */
export function createSchedule(spec: ScheduleSpec, span: ScheduleSpan): Schedule {
  checkSpan(spec, span);
  const { learningRate, stepsPerEpoch, epochs } = span;
  const warmupSteps = spec.warmupEpochs > 0 ? Math.max(1, Math.round(spec.warmupEpochs * stepsPerEpoch)) : 0;
  const totalSteps = Math.max(1, epochs * stepsPerEpoch - warmupSteps);
  const { factor, ...plateau } = plateauTracker(learningRate, spec);
  return {
    ...plateau,
    learningRateAt(moment) {
      const step = Math.max(0, moment.step - warmupSteps);
      const epoch = Math.max(0, moment.epoch - Math.floor(spec.warmupEpochs));
      return (
        mainRate(spec, learningRate, { step, epoch, totalSteps }) * warmupFactor(moment.step, warmupSteps) * factor()
      );
    },
  };
}
