/** A trained network from wherever a person has it. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  checkStateDict,
  type PthValue,
  readPth,
  readWeights,
  type StateDict,
  stateDictOf,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { formatShape } from "../graph/value.ts";
import { findModel, type ModelRecord, modernKeys, type NetworkOptions } from "../models/index.ts";
import { type Module, stateShapesOf } from "../nn/index.ts";
import { sgd } from "../optim/optimizer.ts";
import { networkOptionsOf } from "./checkpoint.ts";
import type { Trainer } from "./network-trainer.ts";
import { defaultInput, inputShapeOf, type ModelInput, parsePreprocessing } from "./preprocessing.ts";
import { isRunFolder, RUN_FILES } from "./run-folder.ts";
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
}

/** What `loadModel` takes besides the path. */
export interface LoadModelOptions {
  /** Name of the model, for a file that does not say it. */
  readonly model?: string;
}

const entriesSchema = z.object({
  model: z.string(),
  classes: z.array(z.string()),
  preprocessing: z.custom<PthValue>().optional(),
});

/**
 * Loads the best weights of a run folder, or a `.pth` or `.safetensors` file: a checkpoint of ours, or a bare state
 * dict whose model `options.model` names. What is not there or cannot be read is a `UserError`.
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const file = await weightsFile(path);
  const { state, said } = await readFile(file);
  const weights = modernKeys(state);
  const entries = entriesSchema.safeParse(said);
  const name = options.model ?? (entries.success ? entries.data.model : undefined);
  if (name === undefined) {
    throw new UserError(
      `"${file}": expected to know which model the weights are of but the file does not say it.`,
      "Name it with --model, such as --model mnist-cnn.",
    );
  }
  const record = findModel(name);
  const classes = entries.success ? entries.data.classes : numbered(classCount(weights, record));
  // a bare file is from PyTorch, where networks with trained weights are built with the published options
  const known = entries.success ? networkOptionsOf(said.model_options) : record.published?.weights[0]?.options;
  const network = record.build({ ...known, classes: classes.length });
  checkStateDict(weights, stateShapesOf(network), file);
  const input = inputOf(entries.data?.preprocessing, record, file);
  const about = { unnamed: !entries.success, trainedOn: trainedOnOf(said.config) };
  return {
    ...{ file, name, network, options: known ?? {}, weights, classes, ...about },
    ...{ inputShape: inputShapeOf(input), input },
  };
}

const trainedOnSchema = z.object({ data: z.string(), valShare: z.number(), seed: z.number() });

/** What the settings of a run say of its data; nothing if they are not there or of another kind. */
export const trainedOnOf = (settings: unknown): TrainedOn | undefined =>
  trainedOnSchema.safeParse(settings instanceof Map ? Object.fromEntries(settings) : settings).data;

/** A state dict, and what else its file says by name. */
async function readFile(file: string): Promise<{ state: StateDict; said: Record<string, PthValue> }> {
  if (file.endsWith(".safetensors")) {
    const { state, entries } = await readWeights(file);
    return { state, said: saidInTexts(Object.fromEntries(entries), file) };
  }
  const value = await readPth(file);
  return { state: stateDictOf(value, file), said: value instanceof Map ? Object.fromEntries(value) : {} };
}

/** What an exported `.safetensors` says as a checkpoint says it: its values are JSON. Other files say nothing. */
function saidInTexts(texts: Record<string, unknown>, file: string): Record<string, PthValue> {
  const { model, classes, preprocessing, model_options: options } = texts;
  if (typeof model !== "string" || typeof classes !== "string") return {};
  try {
    const values = [classes, preprocessing ?? "null", options ?? "{}"].map((text) => JSON.parse(String(text)));
    return {
      model,
      classes: values[0],
      preprocessing: values[1] ?? undefined,
      model_options: new Map(Object.entries(values[2])) as PthValue,
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

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** The classes of a bare state dict: the outputs of its last layer. At least one, so that what does not fit is listed. */
function classCount(weights: StateDict, { heads }: ModelRecord): number {
  const last = heads.flatMap((head) => weights.get(`${head}.weight`) ?? [])[0];
  return last?.shape[0] || 1;
}

async function weightsFile(path: string): Promise<string> {
  if (await isRunFolder(path)) {
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
    if (!path.endsWith(".onnx")) return path;
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
