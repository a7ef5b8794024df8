/** What answers pictures: a network on an engine, or an exported ONNX file that runs as it is. */
import { availableParallelism } from "node:os";
import { isOnnxModel } from "../checkpoint/index.ts";
import { type ModelFile, openModelFile } from "../engines/onnx/model-file.ts";
import { UserError } from "../errors.ts";
import { softmaxRows } from "../metrics/index.ts";
import {
  evaluationBy,
  inputShapeOf,
  type LoadedModel,
  type LoadModelOptions,
  loadModel,
  type ModelInput,
  openModel,
  type RunModelOptions,
  type Trainer,
  trainedOnOf,
} from "../training/index.ts";
import { cardInput, parseCard } from "./card.ts";
import { PORTS } from "./image-model.ts";
import { bytesInput, toBytes } from "./pixels.ts";

/** What answers pictures; see `Trainer`. Close it when done. An exported file has no engine of ocelli's. */
export type Classifier = Pick<Trainer, "logits" | "evaluate" | "close"> & Partial<Pick<Trainer, "engine">>;

/** A model that can be opened. */
export interface LoadedClassifier {
  /** What pictures become before they are given to the classifier, among others. */
  readonly model: Pick<LoadedModel, "file" | "name" | "classes" | "unnamed" | "trainedOn" | "inputShape" | "input">;
  /** The network itself, which an exported file has no more. */
  readonly network?: LoadedModel;
  /** Puts it on an engine; an exported file runs on ONNX Runtime alone. */
  open(options?: RunModelOptions): Promise<Classifier>;
}

/** Images at a time where nothing else is said. */
const BATCH_SIZE = 64;

/**
 * Loads what `loadModel` does, or a `.onnx` file that ocelli exported, whose graph is run as it is. An ONNX model without a
 * card is a `UserError`.
 */
export async function loadClassifier(path: string, options: LoadModelOptions = {}): Promise<LoadedClassifier> {
  if (await isOnnxModel(path)) return loadOnnx(path);
  const model = await loadModel(path, options);
  return { model, network: model, open: (run) => openModel(model, run) };
}

async function loadOnnx(path: string): Promise<LoadedClassifier> {
  const { readModelMetadata } = await import("../engines/onnx/model-file.ts");
  const card = parseCard(await readModelMetadata(path), path);
  const input = bytesInput(cardInput(card));
  const trainedOn = trainedOnOf(card.recipe);
  return {
    model: {
      ...{ file: path, name: card.model, classes: card.classes, inputShape: inputShapeOf(input), input },
      trainedOn: trainedOn && { ...trainedOn, dataSha256: card.data?.sha256 ?? undefined },
    },
    async open({ engine = "auto", threads = availableParallelism(), batchSize = BATCH_SIZE } = {}) {
      if (engine !== "auto" && engine !== "onnx") {
        throw new UserError(
          `--engine: expected onnx, which runs "${path}" as it is, but got "${engine}".`,
          "Leave it out, or give the run that the file was made of.",
        );
      }
      return onnxClassifier(await openModelFile(path, { threads }), input, batchSize);
    },
  };
}

/** An open model as a classifier of images [N, C, H, W] that `bytesInput` prepared. */
export function onnxClassifier(file: ModelFile, input: ModelInput, batchSize: number): Classifier {
  const logits = async (images: Float32Array): Promise<Float32Array> =>
    (await runBytes(file, toBytes(images, input))).logits;
  return {
    logits,
    evaluate: (dataset, options = {}) => evaluationBy(logits, dataset, { ...options, batchSize }),
    close: () => file.close(),
  };
}

/** What an exported model makes of pictures, both [N, classes]. */
export interface Answers {
  readonly probabilities: ArrayLike<number>;
  readonly logits: Float32Array;
}

/** Runs an exported model on bytes [N, H, W, C], whose buffer is given away. */
export async function runBytes(file: ModelFile, bytes: Uint8Array<ArrayBuffer>): Promise<Answers> {
  const [port] = file.inputs;
  const [height = 1, width = 1, channels = 1] = (port?.shape ?? []).slice(1).map(Number);
  const shape = [bytes.length / (height * width * channels), height, width, channels];
  const found = await file.run({ [PORTS.pixels]: { type: "uint8", shape, data: bytes } }, { transfer: true });
  return {
    probabilities: found[PORTS.probabilities]?.data as Float32Array,
    logits: found[PORTS.logits]?.data as Float32Array,
  };
}

/** The same of a network on an engine, for floats [N, C, H, W]. */
export async function runFloats(
  classifier: Pick<Classifier, "logits">,
  images: Float32Array,
  classes: number,
): Promise<Answers> {
  const logits = await classifier.logits(images);
  return { logits, probabilities: softmaxRows({ data: logits, classes }) };
}
