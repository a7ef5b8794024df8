/** What is known of a model besides its weights: the run that it is from, its data and how good it is. */
import { basename, dirname, join } from "node:path";
import { stateHash } from "../checkpoint/index.ts";
import { classCounts, type IdxData } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { wilsonInterval } from "../metrics/index.ts";
import { MODELS } from "../models/index.ts";
import { readOwn } from "../own-file.ts";
import {
  configValues,
  dataByOutputs,
  isRunFolder,
  type LoadedModel,
  type ResolvedConfig,
  RUN_FILES,
  readBest,
  readRecords,
  readRunConfig,
  type TrainConfig,
} from "../training/index.ts";
import { type CardAccuracy, type ModelCard, newCard } from "./card.ts";
import { loadBytesOf } from "./pixels.ts";

/** What is known of a model; all of it may be missing. */
export interface ModelFacts {
  readonly config?: ResolvedConfig;
  /** The settings of the stage that the weights are from, where their file says them; else those of `config`. */
  readonly recipe?: Readonly<Partial<TrainConfig>>;
  /** The pictures of the run as bytes, if they are still there and the same. */
  readonly data?: IdxData;
  /** On the validation pictures, as training found it. */
  readonly accuracy?: CardAccuracy;
  readonly run?: string;
  readonly dataHash?: string;
}

/** Finds out what is known of a run folder, or of the `best.pth` in one; what is missing is told by `note`. */
export async function findFacts(path: string, model: LoadedModel, note: (line: string) => void): Promise<ModelFacts> {
  const folder = basename(path) === RUN_FILES.best ? dirname(path) : path;
  if (!(await isRunFolder(folder))) return {};
  const config = await orNote(readRunConfig(folder), note);
  const { id: run, dataSha256 } = await readSummary(folder);
  const said = await readBest(join(folder, RUN_FILES.best)).catch(() => undefined);
  const dataHash = said?.dataHash ?? dataSha256;
  const asked = config && loadBytesOf(config, model.input).then((found) => dataByOutputs(found, model));
  const loaded = asked && (await orNote(asked, note));
  const changed = loaded && dataHash !== undefined && loaded.dataHash !== dataHash;
  if (changed) note(`The pictures of ${loaded.source} are not those of the run any more: they are not used.`);
  const data = changed ? undefined : loaded;
  const best =
    said?.accuracy ??
    Math.max(...(await readRecords(folder)).flatMap((record) => ("val" in record ? [record.val.accuracy] : [])));
  const accuracy = data && 0 <= best ? accuracyOf(best, data.test.length) : undefined;
  const recipe = said && 0 < Object.keys(said.config).length ? said.config : undefined;
  return { config, recipe, data, accuracy, run, dataHash: dataHash ?? data?.dataHash };
}

/** The accuracy of a share of `count` pictures. */
export function accuracyOf(share: number, count: number): CardAccuracy {
  const correct = Math.round(share * count);
  return { value: correct / count, interval: wilsonInterval(correct, count), correct, count };
}

async function orNote<T>(asked: Promise<T>, note: (line: string) => void): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    note(`Left out of the card and the checks: ${error.message}`);
    return undefined;
  }
}

/** What `summary.json` says; nothing for a run that has not ended. */
async function readSummary(path: string): Promise<{ id?: string; dataSha256?: string }> {
  try {
    const { id, dataSha256 } = parseJson(await readOwn(join(path, RUN_FILES.summary))) as Record<string, unknown>;
    return { ...(typeof id === "string" && { id }), ...(typeof dataSha256 === "string" && { dataSha256 }) };
  } catch {
    return {};
  }
}

/** The card of a model in fp32. */
export function cardOf(model: LoadedModel, { config, recipe, data, accuracy, run, dataHash }: ModelFacts): ModelCard {
  const values = config && publicSettings({ ...configValues(config), ...recipe });
  const start = values?.weights ?? null;
  const labels = (set: IdxData["test"]): number[] => classCounts(set.labels ?? [], model.classes.length);
  return newCard({
    model: model.name,
    classes: [...model.classes],
    transformInput: model.options.transformInput ?? false,
    precision: "fp32",
    preprocessing: model.input as ModelCard["preprocessing"],
    data: values
      ? {
          name: values.data,
          sha256: dataHash ?? null,
          counts: data ? { train: labels(data.train), val: labels(data.test) } : null,
        }
      : null,
    accuracy: accuracy ?? null,
    accuracyFp32: null,
    recipe: values ? { ...values } : null,
    seed: values?.seed ?? null,
    run: run ?? null,
    weights: { sha256: stateHash(model.weights), start, licence: licenceOf(start ?? model.file) },
  });
}

/** Settings that may be published: where files lie on this machine is nobody's business. */
function publicSettings(settings: TrainConfig): TrainConfig {
  const { data, weights } = settings;
  return { ...settings, data: basename(data), weights: basename(weights) };
}

const OFFICIAL =
  "torchvision's weights are BSD-3-Clause; they were trained on ImageNet, whose pictures are for research and education";

/** What is known of the licence of weights that began as `start`: `none`, `imagenet` or a file. */
function licenceOf(start: string): string {
  if (start === "none") return "trained from scratch: that of whoever trained it on these data";
  const official = MODELS.flatMap(({ published }) => published?.weights ?? []).map(({ file }) => file);
  if (start === "imagenet" || official.includes(basename(start))) return OFFICIAL;
  return `that of the weights in ${basename(start)}, which ocelli does not know`;
}
