/** A trained network from wherever a person has it. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  checkStateDict,
  isOnnxModel,
  type PthValue,
  readWeights,
  type StateDict,
  type WeightsFile,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { formatShape } from "../graph/value.ts";
import { parseJson } from "../json.ts";
import { findModel, isAuxiliaryParameter, type ModelRecord, type NetworkOptions } from "../models/index.ts";
import { type Module, stateShapesOf } from "../nn/index.ts";
import { sgd } from "../optim/optimizer.ts";
import { areNumbers } from "./classes/class-names.ts";
import {
  classesFor,
  type FileOptions,
  lackingAuxiliary,
  modelsOf,
  optionsFor,
  otherModelHint,
  saidModel,
  weightsFor,
} from "./file-weights.ts";
import type { Trainer } from "./network-trainer.ts";
import { expectNoLinks } from "./ownership/links.ts";
import { defaultInput, inputShapeOf, type ModelInput, parsePreprocessing } from "./preprocessing.ts";
import { RUN_FILES } from "./run-files.ts";
import { isRunFolder } from "./run-folder.ts";
import { openTrainer } from "./trainer.ts";

/** The photos that a model was trained on, as far as it is known. */
export interface TrainedOn {
  /** What training was given: a path, or the name of a data set. */
  readonly data: string;
  /** How they were divided where they were not divided already. */
  readonly valShare: number;
  readonly seed: number;
  /** Hash of the data; see `IdxData.dataHash`. */
  readonly dataSha256?: string;
}

/** A network with its weights, and what is needed to use it. */
export interface LoadedModel {
  /** The file that the weights are from. */
  readonly file: string;
  readonly name: string;
  readonly network: Module;
  /** What the network was built with besides the classes. */
  readonly options: NetworkOptions;
  readonly weights: StateDict;
  readonly classes: readonly string[];
  /** Whether the file names no classes, so that they are only numbered. */
  readonly unnamed?: boolean;
  readonly trainedOn?: TrainedOn;
  /** Channels, height, width of one image. */
  readonly inputShape: readonly [number, number, number];
  /** How pictures become its input. */
  readonly input: ModelInput;
  /** What people should know of how the file was understood: a sentence each. */
  readonly notes?: readonly string[];
}

/** What `loadModel` takes besides the path. */
export interface LoadModelOptions extends FileOptions {
  /** Name of the model, for a file that does not say it. */
  readonly model?: string;
}

const entriesSchema = z.object({
  model: z.string(),
  classes: z.array(z.string()),
  preprocessing: z.custom<PthValue>().optional(),
});

/**
 * Loads the best weights of a run folder, or a `.pth` or `.safetensors` file: a checkpoint of ours, or one of others
 * whose model it says or `options.model` names. What is not there or cannot be read is a `UserError`.
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const file = await weightsFile(path);
  const read = await readWeights(file);
  const settings = said(read, file);
  const entries = entriesSchema.safeParse(settings);
  const name = options.model ?? entries.data?.model ?? saidModel(read.entries) ?? unknownModel(read, file);
  const record = findModel(name);
  const chosen = weightsFor(record, read, { file, ...options });
  const named = entries.success
    ? { classes: entries.data.classes, note: undefined }
    : classesFor(read.entries, classCount(chosen.state, record));
  const { classes } = named;
  const known = optionsFor(record, read.entries, options);
  const whole = record.build({ ...known.options, classes: classes.length });
  const isLacking = lackingAuxiliary(record, chosen, whole);
  const built = { ...known.options, ...(isLacking && { auxLogits: false }) };
  const network = isLacking ? record.build({ ...built, classes: classes.length }) : whole;
  const weights = isLacking ? withoutAuxiliary(chosen.state, record) : chosen.state;
  checkStateDict(weights, stateShapesOf(network), file, {
    foreign: chosen.foreign,
    hint: () => otherModelHint(record, read),
  });
  const input = inputOf(entries.data?.preprocessing, record, file);
  const notes = [...chosen.notes, named.note, ...(entries.success ? [] : [known.note])].filter(
    (note) => note !== undefined,
  );
  const unnamed = !entries.success && areNumbers(classes);
  const about = { unnamed, trainedOn: trainedOnOf(settings.config), notes };
  return {
    ...{ file, name, network, options: built, weights, classes, ...about },
    ...{ inputShape: inputShapeOf(input), input },
  };
}

const trainedOnSchema = z.object({ data: z.string(), valShare: z.number(), seed: z.number() });

/** What the settings of a run say of its data; nothing if they are not there or of another kind. */
export const trainedOnOf = (settings: unknown): TrainedOn | undefined =>
  trainedOnSchema.safeParse(settings instanceof Map ? Object.fromEntries(settings) : settings).data;

function unknownModel({ candidates }: WeightsFile, file: string): never {
  const [found = "mnist-cnn", ...others] = modelsOf(candidates);
  throw new UserError(
    `"${file}": expected to know which model the weights are of but the file does not say it.`,
    others.length === 0 && found !== "mnist-cnn"
      ? `Its tensors are those of ${found}: add --model ${found}.`
      : `Name it with --model, such as --model ${found}.`,
  );
}

const withoutAuxiliary = (state: StateDict, record: ModelRecord): StateDict =>
  new Map([...state].filter(([name]) => !isAuxiliaryParameter(record, name)));

/** What a file says by name. */
function said({ format, entries }: WeightsFile, file: string): Record<string, PthValue> {
  const values = Object.fromEntries([...entries].filter(([name]) => typeof name === "string"));
  return format === "pth" ? values : saidInTexts(values, file);
}

/** What an exported `.safetensors` says as a checkpoint says it: its values are JSON. Other files say nothing. */
function saidInTexts(texts: Record<string, unknown>, file: string): Record<string, PthValue> {
  const { model, classes, preprocessing, model_options: options } = texts;
  if (typeof model !== "string" || typeof classes !== "string") return {};
  try {
    const values = [classes, preprocessing ?? "null", options ?? "{}"].map((text) => parseJson(String(text)));
    return {
      model,
      classes: values[0],
      preprocessing: values[1] ?? undefined,
      model_options: new Map(Object.entries(values[2] as object)) as PthValue,
    };
  } catch (error) {
    throw new UserError(`"${file}": expected JSON in its metadata but it is damaged.`, "Export the run again.", {
      cause: error,
    });
  }
}

/** What a file says of the network's input, or else what is usual; throws if the network does not take it. */
function inputOf(entry: PthValue | undefined, record: ModelRecord, file: string): ModelInput {
  if (entry === undefined) return defaultInput(record);
  const input = parsePreprocessing(entry, file);
  const [channels, height, width] = inputShapeOf(input);
  const [ownChannels, ...ownSize] = record.inputShape;
  const fits = record.published
    ? record.minimumSize <= Math.min(height, width) // networks for photos take any size beyond
    : height === ownSize[0] && width === ownSize[1];
  if (channels === ownChannels && fits) return input;
  throw new UserError(
    `"${file}", preprocessing: expected images of ${formatShape(record.inputShape)} for ${record.name} but they are ${formatShape([channels, height, width])}.`,
    "Give the weights alone with --model.",
  );
}

/** The classes of a bare state dict: the outputs of its last layer. At least one, so that what does not fit is listed. */
function classCount(weights: StateDict, { heads }: ModelRecord): number {
  const last = heads.flatMap((head) => weights.get(`${head}.weight`) ?? [])[0];
  return last?.shape[0] || 1;
}

async function weightsFile(path: string): Promise<string> {
  if (await isRunFolder(path)) {
    await expectNoLinks(path);
    const best = join(path, RUN_FILES.best);
    const last = join(path, RUN_FILES.last);
    for (const file of [best, last]) if (await stat(file).catch(() => undefined)) return file;
    throw new UserError(
      `"${path}": expected a run with weights but there is neither a ${RUN_FILES.best} nor a ${RUN_FILES.last} in it.`,
      "Wait until its first epoch is done, or train again.",
    );
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) {
    if (!(await isOnnxModel(path))) return path;
    const hint = "Give the run folder or the .pth file that it was made of.";
    throw new UserError(`"${path}": expected a run folder or a .pth file but it is an ONNX model.`, hint);
  }
  const received = found ? "the folder holds no run" : "there is no such file or folder";
  throw new UserError(`"${path}": expected a run folder or a .pth file but ${received}.`, "Check the path.");
}

/** How a loaded model is run. */
export interface RunModelOptions {
  readonly engine?: string;
  readonly threads?: number;
  /** Images at a time; 64 by default. */
  readonly batchSize?: number;
  /** That the model's `weights` are not needed any more and may be empty afterwards: there is no second copy of them. */
  readonly transfer?: boolean;
}

/** Puts a loaded model on an engine, for evaluation. */
export function openModel(model: LoadedModel, { transfer, ...options }: RunModelOptions = {}): Promise<Trainer> {
  const { inputShape, weights: state, file: from } = model;
  const own = { inputShape, optimizer: sgd(), weights: { state, from, transfer }, evaluationOnly: true };
  return openTrainer(model.network, { ...options, ...own });
}
