/** What answers the pixels of pictures: a graph for batches of any size, or Programs of a network for some sizes. */
import { float32Values } from "../../checkpoint/index.ts";
import { openEngine } from "../../engines/index.ts";
import type { ModelFile } from "../../engines/onnx/model-file.ts";
import { type Answers, runBytes } from "../../export/classifier.ts";
import { toFloats } from "../../export/pixels.ts";
import { softmaxRows } from "../../metrics/index.ts";
import { inferenceProgram, type LoadedModel } from "../../training/index.ts";
import { batchSizes, splitIntoBatches } from "../batching/batch-sizes.ts";
import type { Runner } from "./lanes.ts";

/** Answers pictures. */
export interface PictureRunner extends Runner {
  /** Logits and probabilities [N, classes] of N pictures, each the bytes [H, W, C] that the network sees. */
  classify(pictures: readonly Uint8Array[]): Promise<Answers>;
}

/** Runs an exported model as it is. */
export const graphRunner = (file: ModelFile): PictureRunner => ({
  classify: (pictures) => runBytes(file, joined(pictures, pictures.length)),
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
    const classify = async (pictures: readonly Uint8Array[]): Promise<Answers> => {
      const logits = new Float32Array(pictures.length * classes.length);
      let done = 0;
      const parts = splitIntoBatches(pictures.length, sizes).map(async (size) => {
        const from = done;
        done += size;
        const images = toFloats(joined(pictures.slice(from, done), size), input);
        const found = await programs.get(size)?.run({ images }, { transfer: true });
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

/** Pictures one after the other, and black ones up to `count`. */
function joined(pictures: readonly Uint8Array[], count: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(count * (pictures[0]?.length ?? 0));
  for (const [row, picture] of pictures.entries()) all.set(picture, row * picture.length);
  return all;
}
