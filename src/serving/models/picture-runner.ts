/** What answers the pixels of pictures: a graph for batches of any size, or Programs of a network for some sizes. */
import { float32Values } from "../../checkpoint/index.ts";
import { openEngine } from "../../engines/index.ts";
import type { ModelFile } from "../../engines/onnx/model-file.ts";
import { type Answers, runBytes } from "../../export/classifier.ts";
import { toFloats } from "../../export/pixels.ts";
import { sizeOf } from "../../graph/value.ts";
import { toTensor } from "../../image/index.ts";
import { softmaxRows } from "../../metrics/index.ts";
import { inferenceProgram, inputShapeOf, type LoadedModel, type ModelInput } from "../../training/index.ts";
import { batchSizes, splitIntoBatches } from "../batching/batch-sizes.ts";
import type { Runner } from "./lanes.ts";

/** Answers pictures. */
export interface PictureRunner extends Runner {
  /** Logits and probabilities [N, classes] of N pictures, each the bytes [H, W, C] that the network sees. */
  classify(pictures: readonly Uint8Array[]): Promise<Answers>;
}

/** Runs an exported model as it is. */
export const graphRunner = (file: ModelFile): PictureRunner => ({
  classify: (pictures) => runBytes(file, joined(pictures)),
  close: () => file.close(),
});

/** Bytes of weights that the Programs of all sizes may hold together. */
const MOST_WEIGHTS = 400e6;

/** How a network is run. */
export interface NetworkRunnerOptions {
  readonly engine: string;
  readonly threads: number;
  readonly maxBatch: number;
  /** Of the network's weights. */
  readonly bytes: number;
}

/** Runs a network on an engine, whose Programs are of fixed sizes: batches in between are padded, or done in parts. */
export async function networkRunner(model: LoadedModel, options: NetworkRunnerOptions): Promise<PictureRunner> {
  const { network, weights, inputShape, input, classes } = model;
  const sizes = batchSizes(options.maxBatch, Math.max(2, Math.floor(MOST_WEIGHTS / options.bytes)));
  const engine = await openEngine(options.engine, options);
  try {
    await engine.write(float32Values(weights));
    const programs = new Map<number, Awaited<ReturnType<typeof engine.compile>>>();
    for (const batchSize of sizes) {
      const program = inferenceProgram(network, { inputShape, batchSize });
      programs.set(batchSize, await engine.compile(program, { constants: "all" }));
    }
    const buffers = sharedBuffers(sizeOf(inputShape));
    const classify = async (pictures: readonly Uint8Array[]): Promise<Answers> => {
      const logits = new Float32Array(pictures.length * classes.length);
      let done = 0;
      const parts = splitIntoBatches(pictures.length, sizes).map(async (size) => {
        const from = done;
        done += size;
        const images = buffers.take(size);
        fill(images, pictures.slice(from, done), input);
        const found = await programs.get(size)?.run({ images });
        buffers.give(images);
        logits.set((found?.logits ?? logits).subarray(0, logits.length - from * classes.length), from * classes.length);
      });
      await Promise.all(parts);
      return { logits, probabilities: softmaxRows({ data: logits, classes: classes.length }) };
    };
    return { classify, close: () => engine.close() };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/**
 * Buffers of a length each for batches, used again and again: what is made anew for each batch keeps the garbage collector busy.
 * They are shared with the engine's thread, which reads them where they are.
 */
function sharedBuffers(length: number) {
  const free: Float32Array<ArrayBuffer>[] = [];
  return {
    take(batch: number): Float32Array<ArrayBuffer> {
      const at = free.findIndex((buffer) => buffer.length === batch * length);
      const [found] = at < 0 ? [] : free.splice(at, 1);
      const bytes = batch * length * Float32Array.BYTES_PER_ELEMENT;
      return found ?? (new Float32Array(new SharedArrayBuffer(bytes)) as unknown as Float32Array<ArrayBuffer>);
    },
    give: (buffer: Float32Array<ArrayBuffer>): void => void free.push(buffer),
  };
}

/** Writes pictures as the network takes them, and zeros up to the end. */
function fill(images: Float32Array<ArrayBuffer>, pictures: readonly Uint8Array[], input: ModelInput): void {
  const [channels, height, width] = inputShapeOf(input);
  const length = channels * height * width;
  for (const [row, data] of pictures.entries()) {
    const out = images.subarray(row * length, (row + 1) * length);
    if (input.kind === "photos") toTensor({ width, height, channels: 3, data }, input, out);
    else out.set(toFloats(data, input));
  }
  images.fill(0, pictures.length * length);
}

/** Pictures one after the other. */
function joined(pictures: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pictures.length * (pictures[0]?.length ?? 0));
  for (const [row, picture] of pictures.entries()) all.set(picture, row * picture.length);
  return all;
}
