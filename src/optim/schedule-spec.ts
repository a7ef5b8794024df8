/** Learning-rate schedules as text: what the command line takes, parsed into plain JSON. */
import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** A schedule's kind and its arguments; plain JSON. Rates are absolute, epochs are counted from the end of the warm-up. */
export type MainSchedule =
  | { readonly kind: "none" }
  | { readonly kind: "step"; readonly epochs: number; readonly gamma: number }
  | { readonly kind: "multistep"; readonly milestones: readonly number[]; readonly gamma: number }
  | { readonly kind: "cosine"; readonly minimum: number }
  | { readonly kind: "onecycle"; readonly rise: number }
  | { readonly kind: "plateau"; readonly factor: number; readonly patience: number };

/** A parsed schedule, plain JSON: `warmupEpochs` (0 for none; may be a fraction) of linear warm-up, then the schedule. */
export type ScheduleSpec = MainSchedule & { readonly warmupEpochs: number };

/** What an argument may be; `expected` ends the sentence "expected … to be". */
interface Rule {
  readonly expected: string;
  valid(value: number): boolean;
}

interface Argument extends Rule {
  readonly name: string;
  /** The value when it is left out; without one it is needed. */
  readonly otherwise?: number;
}

const COUNT: Rule = { expected: "a whole number of at least 1", valid: (n) => Number.isSafeInteger(n) && n >= 1 };
const FROM_ZERO: Rule = { expected: "a whole number of at least 0", valid: (n) => Number.isSafeInteger(n) && n >= 0 };
const SHARE: Rule = { expected: "a number between 0 and 1", valid: (n) => n > 0 && n < 1 };
const POSITIVE: Rule = { expected: "a number above 0", valid: (n) => n > 0 && Number.isFinite(n) };
const NOT_NEGATIVE: Rule = { expected: "a number of at least 0", valid: (n) => n >= 0 && Number.isFinite(n) };

/** Defaults are PyTorch's. */
const GAMMA: Argument = { name: "gamma", ...SHARE, otherwise: 0.1 };
const PATIENCE: Argument = { name: "patience", ...FROM_ZERO, otherwise: 10 };
const WARMUP_FORM = "warmup:EPOCHS+";
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** One argument out of the text of a schedule; `UserError` where it is missing or out of range. */
type Take = (argument: Argument, index: number) => number;

interface Form {
  /** As it is written on the command line. */
  readonly form: string;
  /** How many arguments it takes at most. */
  readonly most: number;
  parse(take: Take, texts: readonly string[], where: string): MainSchedule;
}

const FORMS: Readonly<Record<MainSchedule["kind"], Form>> = {
  none: { form: "none", most: 0, parse: () => ({ kind: "none" }) },
  step: {
    form: "step:EPOCHS[:GAMMA]",
    most: 2,
    parse: (take) => ({ kind: "step", epochs: take({ name: "epochs", ...COUNT }, 0), gamma: take(GAMMA, 1) }),
  },
  multistep: {
    form: "multistep:EPOCH,EPOCH…[:GAMMA]",
    most: 2,
    parse: (take, [list = ""], where) => ({
      kind: "multistep",
      milestones: parseMilestones(list, where),
      gamma: take(GAMMA, 1),
    }),
  },
  cosine: {
    form: "cosine[:LAST-RATE]",
    most: 1,
    parse: (take) => ({ kind: "cosine", minimum: take({ name: "last rate", ...NOT_NEGATIVE, otherwise: 0 }, 0) }),
  },
  onecycle: {
    form: "onecycle[:RISING-SHARE]",
    most: 1,
    parse: (take) => ({ kind: "onecycle", rise: take({ name: "rising share", ...SHARE, otherwise: 0.3 }, 0) }),
  },
  plateau: {
    form: "plateau[:FACTOR[:PATIENCE]]",
    most: 2,
    parse: (take) => ({
      kind: "plateau",
      factor: take({ ...GAMMA, name: "factor" }, 0),
      patience: take(PATIENCE, 1),
    }),
  },
};

const isKind = (name: string): name is MainSchedule["kind"] => Object.hasOwn(FORMS, name);

/** All that `parseSchedule` takes, in one line for help texts. */
export const SCHEDULE_FORMS = `${Object.values(FORMS)
  .map(({ form }) => form)
  .join(", ")}; each may follow ${WARMUP_FORM}`;

const badSchedule = (text: string, problem: string, hint = `The schedules are ${SCHEDULE_FORMS}.`): UserError =>
  new UserError(`schedule "${text}": ${problem}.`, hint);

function parseNumber(text: string, { name, expected, valid }: Argument, where: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!valid(value)) throw badSchedule(where, `expected ${name} to be ${expected} but it is "${text}"`);
  return value;
}

function parseMilestones(list: string, where: string): number[] {
  const milestones = list.split(",").map((text) => parseNumber(text, { name: "each epoch", ...COUNT }, where));
  if (milestones.some((epoch, index) => epoch <= (milestones[index - 1] ?? 0))) {
    throw badSchedule(where, `expected epochs that increase but they are "${list}"`);
  }
  return milestones;
}

/** The number of epochs in `warmup:EPOCHS`. */
function parseWarmup(text: string, where: string): number {
  const [name, epochs = "", ...rest] = text.split(":");
  if (name !== "warmup" || rest.length > 0) {
    throw badSchedule(where, `expected ${WARMUP_FORM} before the schedule but got "${text}+"`);
  }
  return parseNumber(epochs, { name: "warm-up epochs", ...POSITIVE }, where);
}

function parseMain(text: string, where: string): MainSchedule {
  const [name = "", ...texts] = text.split(":");
  if (!isKind(name)) {
    const likely = nearest(name, Object.keys(FORMS));
    const hint = `${likely ? `Did you mean "${likely}"? ` : ""}The schedules are ${SCHEDULE_FORMS}.`;
    throw badSchedule(where, `expected the name of a schedule but got "${name}"`, hint);
  }
  const { form, most, parse } = FORMS[name];
  if (texts.length > most) throw badSchedule(where, `expected "${form}" but got more`);
  const take: Take = (argument, index) => {
    const given = texts[index];
    if (given !== undefined) return parseNumber(given, argument, where);
    if (argument.otherwise !== undefined) return argument.otherwise;
    throw badSchedule(where, `expected "${form}" but ${argument.name} is missing`);
  };
  return parse(take, texts, where);
}

/**
 * Reads a schedule as the command line has it: `none`, `step:7:0.1` (epochs, gamma), `multistep:3,6:0.1`, `cosine` or
 * `cosine:1e-5` (last rate), `onecycle` or `onecycle:0.3` (share of the steps that rise), `plateau:0.1:2` (factor,
 * patience), each also as `warmup:1+…`. `warmup:1` alone stays at the rate that it reaches. Anything else is a
 * `UserError`, and so is a warm-up before one-cycle, which has its own.
 */
export function parseSchedule(text: string): ScheduleSpec {
  const trimmed = text.trim();
  const plus = trimmed.startsWith("warmup") ? `${trimmed}+`.indexOf("+") : -1;
  if (plus === -1) {
    return { warmupEpochs: 0, ...parseMain(trimmed, trimmed) };
  }
  const warmupEpochs = parseWarmup(trimmed.slice(0, plus), trimmed);
  const main = parseMain(trimmed.slice(plus + 1) || "none", trimmed);
  if (main.kind === "onecycle") {
    throw badSchedule(
      trimmed,
      "expected no warm-up before onecycle but there is one",
      "Leave the warm-up out: onecycle has its own.",
    );
  }
  return { warmupEpochs, ...main };
}
