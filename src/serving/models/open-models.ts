/** Models by the names under which they are served. */
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { readModelMetadata } from "../../engines/onnx/model-file.ts";
import { UserError } from "../../errors.ts";
import { cardInput, parseCard } from "../../export/card.ts";
import { imageModel } from "../../export/image-model.ts";
import { bytesInput } from "../../export/pixels.ts";
import { encodeModel } from "../../onnx/model.ts";
import { loadModel } from "../../training/index.ts";
import { openLanes } from "./lanes.ts";
import { type PictureModel, pictureModel } from "./picture-model.ts";
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
  readonly onBatch: BatchListener;
  /** The model of a bare state dict. */
  readonly model?: string;
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

async function openNamed({ name, path }: NamedPath, options: OpenModelsOptions): Promise<ServedModel> {
  const { limits, onBatch } = options;
  if (!path.endsWith(".onnx")) {
    const { bytes, ...model } = await graphOf(path, options);
    const lanes = await openLanes(path, { threads: limits.threads, size: bytes.length, bytes });
    return pictureModel(model, { name, lanes, limits, onBatch });
  }
  const texts = await readModelMetadata(path);
  const card = texts.card === undefined ? undefined : parseCard(texts, path);
  const { size } = await stat(path);
  const lanes = await openLanes(path, { threads: limits.threads, size });
  try {
    if (!card) return tensorModel(path, { name, lanes, limits, onBatch });
    const input = bytesInput(cardInput(card));
    return pictureModel({ name: card.model, classes: card.classes, input }, { name, lanes, limits, onBatch });
  } catch (error) {
    await lanes.close();
    throw error;
  }
}

/** A run or a file of weights as an ONNX model, and what is kept of it besides: not the weights. */
async function graphOf(
  path: string,
  options: OpenModelsOptions,
): Promise<PictureModel & { readonly bytes: Uint8Array }> {
  const model = await loadModel(path, options);
  const { name, classes, input } = model;
  return { name, classes, input, bytes: encodeModel(imageModel(model)) };
}
