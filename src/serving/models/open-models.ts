/** Models by the names under which they are served. */
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { isOnnxModel, type StateDict } from "../../checkpoint/index.ts";
import { fastestEngine } from "../../engines/inspect.ts";
import { type ModelFile, openModelFile, readModelMetadata } from "../../engines/onnx/model-file.ts";
import { UserError } from "../../errors.ts";
import { cardInput, parseCard } from "../../export/card.ts";
import { imageModel } from "../../export/image-model.ts";
import { bytesInput } from "../../export/pixels.ts";
import { encodeModel } from "../../onnx/model.ts";
import { inputShapeOf, loadModel } from "../../training/index.ts";
import type { Workers } from "../work/work.ts";
import { openLanes } from "./lanes.ts";
import { pictureModel } from "./picture-model.ts";
import { graphRunner, networkRunner, type PictureRunner } from "./picture-runner.ts";
import type { BatchListener, ServedModel, ServingLimits } from "./served-model.ts";
import { tensorModel } from "./tensor-model.ts";

/** A model and what it is called. */
export interface NamedPath {
  readonly name: string;
  readonly path: string;
}

/** What `openModels` takes. */
export interface OpenModelsOptions {
  readonly limits: ServingLimits;
  /** What decodes pictures. */
  readonly workers: Workers;
  readonly onBatch: BatchListener;
  /** The model of a bare state dict. */
  readonly model?: string;
  /** Name of the engine of networks; `auto`, the fastest there is, by default. ONNX files run in ONNX Runtime. */
  readonly engine?: string;
}

const NAMED = /^([A-Za-z0-9][\w.-]*)=(.+)$/;

/** What an argument names: `NAME=PATH`, or a path, whose last part without its ending is the name. */
export async function namedPath(argument: string): Promise<NamedPath> {
  const [, name, path] = NAMED.exec(argument) ?? [];
  const isPath = await stat(argument).then(
    () => true,
    () => false,
  );
  if (name !== undefined && path !== undefined && !isPath) return { name, path };
  const own = basename(resolve(argument)).replace(/\.(onnx|pth|pt|safetensors)$/, "");
  return { name: own.replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "model", path: argument };
}

/** Opens all models, or none. Two of one name are a `UserError`, and so is what cannot be opened. */
export async function openModels(
  paths: readonly string[],
  options: OpenModelsOptions,
): Promise<Map<string, ServedModel>> {
  const named = await Promise.all(paths.map(namedPath));
  for (const [index, { name, path }] of named.entries()) {
    const other = named.slice(0, index).find((earlier) => earlier.name === name);
    if (!other) continue;
    const message = `"${path}": expected models of different names but "${other.path}" is called "${name}" as well.`;
    throw new UserError(message, `Name one of them: OTHER=${path}`);
  }
  const open = new Map<string, ServedModel>();
  try {
    for (const one of named) open.set(one.name, await openNamed(one, options));
    return open;
  } catch (error) {
    await Promise.all(Array.from(open.values(), (model) => model.close()));
    throw error;
  }
}

async function openNamed(named: NamedPath, options: OpenModelsOptions): Promise<ServedModel> {
  return (await isOnnxModel(named.path)) ? openOnnx(named, options) : openNetwork(named, options);
}

/** A run or a file of weights: on ONNX Runtime as it is exported, on other engines as the network that it is. */
async function openNetwork({ name, path }: NamedPath, options: OpenModelsOptions): Promise<ServedModel> {
  const { limits, workers, onBatch, engine: asked = "auto" } = options;
  const model = await loadModel(path, options);
  const bytes = byteCount(model.weights);
  const engine = asked === "auto" ? (await fastestEngine()).name : asked;
  const encoded = engine === "onnx" ? encodeModel(imageModel(model)) : undefined;
  const lanes = await openLanes<PictureRunner>({ threads: limits.threads, bytes }, async (threads) =>
    encoded
      ? graphRunner(await openModelFile(path, { threads, bytes: encoded }))
      : networkRunner(model, { engine, threads, bytes, maxBatch: limits.maxBatch }),
  );
  const { name: network, classes, input, inputShape } = model; // and not the weights
  return pictureModel({ name: network, classes, input, inputShape }, { name, lanes, limits, workers, onBatch });
}

const byteCount = (weights: StateDict): number =>
  Array.from(weights.values(), ({ data }) => data.byteLength).reduce((sum, bytes) => sum + bytes, 0);

async function openOnnx({ name, path }: NamedPath, options: OpenModelsOptions): Promise<ServedModel> {
  const { limits, workers, onBatch } = options;
  const texts = await readModelMetadata(path);
  const card = texts.card === undefined ? undefined : parseCard(texts, path);
  const size = { threads: limits.threads, bytes: (await stat(path)).size };
  const open = (threads: number): Promise<ModelFile> => openModelFile(path, { threads });
  if (card) {
    const input = bytesInput(cardInput(card));
    const model = { name: card.model, classes: card.classes, input, inputShape: inputShapeOf(input) };
    const lanes = await openLanes(size, async (threads) => graphRunner(await open(threads)));
    return pictureModel(model, { name, lanes, limits, workers, onBatch });
  }
  const lanes = await openLanes(size, open);
  try {
    return tensorModel(path, { name, lanes, limits, onBatch });
  } catch (error) {
    await lanes.close();
    throw error;
  }
}
