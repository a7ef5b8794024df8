/** A model of ours: takes pictures, or their pixels as tensors, and gathers both into batches. */
import { checkFeeds, type ModelTensor } from "../../engines/onnx/model-file.ts";
import { UserError } from "../../errors.ts";
import type { Answers } from "../../export/classifier.ts";
import { PORTS } from "../../export/image-model.ts";
import type { LoadedModel } from "../../training/index.ts";
import { BatchQueue } from "../batching/batch-queue.ts";
import type { Workers } from "../work/work.ts";
import type { Lanes } from "./lanes.ts";
import type { PictureRunner } from "./picture-runner.ts";
import type { BatchListener, ServedModel, ServingLimits, Tensors } from "./served-model.ts";

/** What is known of the model besides its graph. */
export type PictureModel = Pick<LoadedModel, "name" | "input" | "inputShape" | "classes">;

/** What the queue answers for one picture. */
interface Row {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
}

/** How it is served. */
export interface PictureModelOptions {
  /** What it is called; `model.name` is that of its network. */
  readonly name: string;
  readonly lanes: Lanes<PictureRunner>;
  readonly limits: ServingLimits;
  /** What decodes pictures. */
  readonly workers: Pick<Workers, "pixels">;
  readonly onBatch: BatchListener;
}

/** Serves the graph of an exported model. */
export function pictureModel(model: PictureModel, options: PictureModelOptions): ServedModel {
  const { name, lanes, limits, workers, onBatch } = options;
  const { inputs, outputs } = portsOf(model);
  const { maxPixels } = limits;
  const seeing = { name: model.name, input: model.input, maxPixels }; // and not its classes, which would go to the thread each time
  const run = async (pictures: readonly Uint8Array[]): Promise<Row[]> => {
    const began = performance.now();
    const answers = await lanes.run((runner) => runner.classify(pictures));
    onBatch({ model: name, size: pictures.length, seconds: (performance.now() - began) / 1000 });
    return rowsOf(answers, model.classes.length);
  };
  const queue = new BatchQueue({ ...limits, lanes: lanes.count, run });
  return {
    ...{ name, platform: "ocelli", inputs, outputs, classes: model.classes },
    get queueLength() {
      return queue.length;
    },
    get isFull() {
      return queue.isFull;
    },
    get longestRun() {
      return lanes.longestRun();
    },
    enter() {
      const place = queue.enter();
      return {
        async predict(picture, signal) {
          place.expect();
          const pixels = await workers.pixels(picture, seeing, signal);
          const [row] = await place.submit([pixels], signal);
          return row?.logits ?? new Float32Array();
        },
        async infer(feeds, signal) {
          checkFeeds({ file: name, inputs }, feeds);
          const rows = splitRows(feeds[PORTS.pixels]);
          if (limits.maxQueue < rows.length) throw tooManyRows(name, rows.length, limits);
          place.leave();
          const found = await queue.enter(rows.length).submit(rows, signal);
          return tensorsOf(found, model.classes.length);
        },
        leave: () => place.leave(),
      };
    },
    close: () => lanes.close(),
  };
}

/** As an exported model declares them. */
function portsOf({ inputShape: [channels, height, width], classes }: PictureModel) {
  const scores = [PORTS.probabilities, PORTS.logits];
  return {
    inputs: [{ name: PORTS.pixels, type: "uint8", shape: ["N", height, width, channels] }],
    outputs: scores.map((name) => ({ name, type: "float32", shape: ["N", classes.length] })),
  };
}

const tooManyRows = (name: string, count: number, { maxQueue }: ServingLimits): UserError =>
  new UserError(
    `"${name}": expected at most ${maxQueue} pictures at once but got ${count}.`,
    "Send fewer, or start the server with a larger --max-queue.",
  );

function rowsOf({ logits, probabilities }: Answers, classes: number): Row[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const [from, to] = [row * classes, (row + 1) * classes];
    return { logits: logits.slice(from, to), probabilities: Float32Array.from(probabilities).slice(from, to) };
  });
}

/** The pictures of a tensor [N, H, W, C]. */
function splitRows(pixels: ModelTensor | undefined): Uint8Array[] {
  const [count = 0] = pixels?.shape ?? [];
  const data = pixels?.data as Uint8Array;
  const length = data.length / count;
  return Array.from({ length: count }, (_, row) => data.subarray(row * length, (row + 1) * length));
}

function tensorsOf(rows: readonly Row[], classes: number): Tensors {
  const tensor = (port: keyof Row): ModelTensor => {
    const data = new Float32Array(rows.length * classes);
    for (const [row, answer] of rows.entries()) data.set(answer[port], row * classes);
    return { type: "float32", shape: [rows.length, classes], data };
  };
  return { [PORTS.probabilities]: tensor("probabilities"), [PORTS.logits]: tensor("logits") };
}
