/** How a run is to go on: exactly where it was, or with a new stage. */
import { stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { type IdxData, type Marks, type PhotoData, readMarks } from "../../data/index.ts";
import { UserError } from "../../errors.ts";
import { parseJson } from "../../json.ts";
import { readOwn } from "../../own-file.ts";
import { type LastCheckpoint, readLast } from "../checkpoint.ts";
import { configValues, type ResolvedConfig, resolveConfig } from "../config.ts";
import { isUnbegun, notBegun } from "../ownership/unbegun.ts";
import { openRunFolder, readRunConfigText, readRunMarks, runLayers } from "../run-folder.ts";
import { FIXED_SETTINGS } from "../setting-flags.ts";
import type { SettingName, TrainConfig } from "../settings.ts";
import { dataChanges } from "./data-changes.ts";
import { dependsOnEnd, type RunStage, STAGE_SETTINGS, type StageRecord, stagesIn } from "./run-stage.ts";

/** What is asked of a run that goes on. */
export interface ResumeRequest {
  /** Settings that change, unchecked. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** How a setting is called in errors, such as `--lr`; its name by default. */
  readonly nameOf?: (setting: SettingName) => string;
  /** The weights that a new stage begins with; `best` by default. */
  readonly from?: "best" | "last";
  /**
   * Whether all is there that is made at the end of a run, which is asked where no steps are left: what is missing is made then. By
   * default that is `summary.json`.
   */
  readonly isComplete?: (run: string) => Promise<boolean>;
  /** Gives the data; `marks` are those that they are to have, by default what people say of them now. */
  readonly load: (config: ResolvedConfig, marks: Marks | undefined) => Promise<IdxData>;
}

/** How a run goes on. */
export interface ResumePlan {
  readonly run: string;
  readonly config: ResolvedConfig;
  readonly last: LastCheckpoint;
  /** What its file was like when it was read. */
  readonly stamp: string;
  readonly data: IdxData;
  readonly stage: RunStage;
  /** Whether that stage is a new one. */
  readonly isNew: boolean;
  /** Whether the data are others than before. */
  readonly hasNewData: boolean;
  /** The stages before it, as `config.json` lists them; for a new one also the one that ends. */
  readonly before: readonly StageRecord[];
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/** Reads where a run stands and its data, and says how it goes on. What cannot go on so is a `UserError`. */
export async function planResume(run: string, request: ResumeRequest): Promise<ResumePlan> {
  const text = await readRunConfigText(run);
  const folder = openRunFolder(run);
  const stamp = await stampOf(folder.file("last"));
  if (stamp === "") {
    if (await isUnbegun(run)) throw notBegun(run);
    const message = `"${run}": expected the folder of a run that has begun but it has no last.pth.`;
    throw new UserError(message, "Delete the folder and train again.");
  }
  const last = await readLast(folder.file("last"));
  const asked = askedConfig(run, { text, last, ...request });
  checkFixed(run, last, asked.config);
  const reasons = reasonsFor(last, asked, request.from);
  const { isComplete = hasSummary } = request;
  const isEnding = reasons.length === 0 && isAtEnd(last, asked.config) && !(await isComplete(run));
  if (!isEnding) checkLeft(run, last, { config: asked.config, isNew: 0 < reasons.length });
  const loaded = await dataOf(run, { config: asked.config, last, isNew: 0 < reasons.length, load: request.load });
  if (loaded.hasNewData) reasons.push("data");
  const isNew = 0 < reasons.length;
  const hasBest = await stat(folder.file("best")).then(Boolean, () => false);
  const stage = isNew ? nextStage(last, hasBest ? (request.from ?? "best") : "last") : last.progress.stage;
  const ending = isEnding && !isNew ? ["All steps are done: what was not yet made of the run's end is made now."] : [];
  const notes = isNew ? [`What is new: ${reasons.join(", ")}.`, ...loaded.notes] : loaded.notes;
  const noBest =
    isNew && !hasBest && request.from !== "last" ? ["There are no best weights yet: the last ones are taken."] : [];
  return {
    ...{ run, last, stamp, stage, isNew, data: loaded.data, hasNewData: loaded.hasNewData },
    config: isNew ? asked.config : asked.exact,
    before: recordsBefore(parseJson(text), last, { isNew, stage }),
    notes: [...ending, ...notes, ...noBest],
  };
}

/** Size and time of a file; "" if it is not there. */
const stampOf = (file: string): Promise<string> =>
  stat(file).then(
    ({ size, mtimeMs }) => `${size} ${mtimeMs}`,
    () => "",
  );

/** Throws a `UserError` if the run's checkpoint is another one than when the plan was made. */
export async function expectUnchanged({ run, stamp }: Pick<ResumePlan, "run" | "stamp">): Promise<void> {
  if (stamp === (await stampOf(openRunFolder(run).file("last")))) return;
  throw new UserError(
    `"${run}": expected it as it was a moment ago but another process has gone on with it.`,
    "Try again.",
  );
}

interface AskedConfig {
  /** The settings of a new stage: what is past by then is left out of them. */
  readonly config: ResolvedConfig;
  /** The settings of a run that goes on exactly. */
  readonly exact: ResolvedConfig;
  /** The values that held so far, as `config` has them. */
  readonly begun: Readonly<Partial<TrainConfig>>;
}

/** The settings of a run under those that are asked for. */
function askedConfig(
  run: string,
  {
    text,
    last,
    values = {},
    nameOf,
  }: Pick<ResumeRequest, "values" | "nameOf"> & { text: string; last: LastCheckpoint },
): AskedConfig {
  const layers = runLayers(run, text);
  const given = { from: "flag", values: withConsequences(values), nameOf } as const;
  const exact = resolveConfig([...layers, given]);
  const past = pastOf(last, configValues(resolveConfig(layers)));
  const config = resolveConfig([...layers, { from: "flag", values: past }, given]);
  return { config, exact, begun: { ...last.config, ...pastOf(last, last.config) } };
}

/** Training all layers leaves nothing to unfreeze later, and no features of a frozen part that could be kept. */
function withConsequences(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (values.freeze !== "none") return { ...values };
  return { unfreezeAt: 0, unfreezeLearningRate: 0, views: 0, ...given(values) };
}

const given = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** What a later unfreezing has become by the time at which a new stage would begin. */
function pastOf({ progress }: LastCheckpoint, config: Partial<TrainConfig>): Partial<TrainConfig> {
  const { unfreezeAt = 0, unfreezeLearningRate = 0, learningRate } = config;
  if (unfreezeAt === 0 || progress.epoch + 1 < unfreezeAt) return {};
  const rate = unfreezeLearningRate === 0 ? learningRate : unfreezeLearningRate;
  return { freeze: "none", unfreezeAt: 0, unfreezeLearningRate: 0, views: 0, learningRate: rate };
}

/** Why a new stage begins; nothing if the run can go on exactly. */
function reasonsFor({ progress }: LastCheckpoint, { config, begun }: AskedConfig, from: string | undefined): string[] {
  const now = configValues(config);
  const changed = STAGE_SETTINGS.filter((name) => name in begun && !isDeepStrictEqual(begun[name], now[name]));
  const reasons = changed.map((name) => `${name} ${now[name]} instead of ${begun[name]}`);
  const { epochs, schedule = "none" } = begun;
  if (reasons.length === 0 && epochs !== undefined && epochs !== now.epochs && dependsOnEnd(schedule))
    reasons.push(`epochs ${now.epochs} instead of ${epochs}, on which the rates of ${schedule} depend`);
  if (reasons.length === 0 && from === "best" && progress.stage.from !== "best") reasons.push("the best weights");
  return reasons;
}

function checkFixed(run: string, { config: begun }: LastCheckpoint, config: ResolvedConfig): void {
  const now = configValues(config);
  const changed = FIXED_SETTINGS.find((name) => name in begun && !isDeepStrictEqual(begun[name], now[name]));
  if (!changed) return;
  throw new UserError(
    `"${run}", ${changed}: expected ${begun[changed]}, with which the run began, but got ${now[changed]}.`,
    "Leave it as it was, or train a new run with --weights and this run's best.pth.",
  );
}

const hasSummary = (run: string): Promise<boolean> =>
  stat(openRunFolder(run).file("summary")).then(Boolean, () => false);

/** Whether no epoch or step is left of what is asked for. */
function isAtEnd({ progress: { epoch, step, epochsSinceBest } }: LastCheckpoint, config: ResolvedConfig): boolean {
  const { epochs, maxSteps, patience } = configValues(config);
  return epochs === epoch || (maxSteps !== 0 && maxSteps === step) || (patience !== 0 && patience <= epochsSinceBest);
}

function checkLeft(
  run: string,
  { progress: { epoch, step, epochsSinceBest } }: LastCheckpoint,
  { config, isNew }: { config: ResolvedConfig; isNew: boolean },
): void {
  const { epochs, maxSteps, patience } = configValues(config);
  if (epochs <= epoch) {
    throw new UserError(
      `"${run}": expected epochs to be left but ${epoch} are done and ${epochs} are asked for.`,
      `Give more with --epochs ${epoch + 1} or higher.`,
    );
  }
  if (maxSteps !== 0 && maxSteps <= step) {
    throw new UserError(
      `"${run}": expected steps to be left but ${step} of at most ${maxSteps} are done.`,
      `Give more with --max-steps ${step + 1} or higher, or 0 for no limit.`,
    );
  }
  if (!isNew && patience !== 0 && patience <= epochsSinceBest) {
    throw new UserError(
      `"${run}": expected patience to be left but the run ended after ${epochsSinceBest} epochs without a better accuracy.`,
      `Give more with --patience ${epochsSinceBest + 1} or higher, or 0 to wait for ever.`,
    );
  }
}

/** The data of a run that goes on, with the labels that it began with; those of now for a new stage, or if the data are others. */
async function dataOf(
  run: string,
  {
    config,
    last,
    isNew,
    load,
  }: { config: ResolvedConfig; last: LastCheckpoint; isNew: boolean; load: ResumeRequest["load"] },
): Promise<{ data: IdxData; hasNewData: boolean; notes: string[] }> {
  const { dataHash } = last.progress;
  if (!isNew) {
    const marks = await readRunMarks(run);
    const data = await load(config, marks);
    if (data.dataHash === dataHash) return { data, hasNewData: false, notes: await labelNotes(data, marks) };
  }
  const data = await load(config, undefined);
  if (data.dataHash === dataHash) return { data, hasNewData: false, notes: [] };
  checkClasses(run, last.classes, data.train.classes);
  const before = await readOwn(openRunFolder(run).file("photos")).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    return undefined;
  });
  return { data, hasNewData: true, notes: [dataChanges(before, data)] };
}

/** Says so if people have corrected other labels since the run began. */
async function labelNotes(data: IdxData, marks: Marks): Promise<string[]> {
  const { root, photos } = data as Partial<PhotoData>;
  if (root === undefined || !photos) return [];
  const now = await readMarks(root);
  const names = new Set([...photos.map(({ name }) => name), ...Object.keys(marks)]);
  const present = Object.fromEntries(Object.entries(now.marks).filter(([name]) => names.has(name)));
  if (isDeepStrictEqual(present, marks)) return [];
  return [
    `The labels in "${now.file}" have changed since; this stage keeps those that it began with, a new one reads them.`,
  ];
}

function checkClasses(run: string, before: readonly string[], now: readonly string[]): void {
  if (isDeepStrictEqual([...before], [...now])) return;
  throw new UserError(
    `"${run}": expected data of the classes ${before.join(", ")} but they have ${now.join(", ")}.`,
    "Bring the old data back, or train a new run on the new data.",
  );
}

/** A stage that begins where the last checkpoint was written; an epoch that was not done begins again. */
function nextStage({ progress: { stage, epoch, step } }: LastCheckpoint, from: "best" | "last"): RunStage {
  // a stage without a step is replaced
  return { number: stage.number + (stage.step < step ? 1 : 0), epoch, step, from };
}

function recordsBefore(
  content: unknown,
  { progress, config }: LastCheckpoint,
  { isNew, stage }: { isNew: boolean; stage: RunStage },
): StageRecord[] {
  const known = stagesIn(content).filter(({ number }) => number < stage.number);
  if (!isNew || known.some(({ number }) => number === progress.stage.number) || stage.number === progress.stage.number)
    return known;
  return [...known, { ...progress.stage, dataSha256: progress.dataHash, settings: config }];
}
