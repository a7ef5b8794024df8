/** Any other ONNX model: served by its own inputs and outputs, a request at a time in each lane. */
import { checkFeeds, type ModelFile } from "../../engines/onnx/model-file.ts";
import { UserError } from "../../errors.ts";
import { BatchQueue } from "../batching/batch-queue.ts";
import type { Lanes } from "./lanes.ts";
import type { BatchListener, ServedModel, ServingLimits, Tensors } from "./served-model.ts";

/** How it is served. */
export interface TensorModelOptions {
  readonly name: string;
  readonly lanes: Lanes<ModelFile>;
  readonly limits: ServingLimits;
  readonly onBatch: BatchListener;
}

/** Serves a model as it declares itself. One with inputs or outputs that are no tensors is a `UserError`. */
export function tensorModel(file: string, { name, lanes, limits, onBatch }: TensorModelOptions): ServedModel {
  const { inputs, outputs } = lanes.first;
  const odd = [...inputs, ...outputs].find(({ type }) => type === "unknown");
  if (odd) {
    throw new UserError(
      `"${file}": expected a model of tensors but "${odd.name}" is a sequence or a map.`,
      "Export the model with tensors alone (of scikit-learn: with zipmap off).",
    );
  }
  const run = async ([feeds = {}]: readonly Tensors[]): Promise<Tensors[]> => {
    const began = performance.now();
    const results = await lanes.run((model) => model.run(feeds, { transfer: true }));
    onBatch({ model: name, size: 1, seconds: (performance.now() - began) / 1000 });
    return [results];
  };
  const queue = new BatchQueue({ ...limits, maxBatch: 1, lanes: lanes.count, run });
  return {
    ...{ name, platform: "onnxruntime_onnx", inputs, outputs },
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
        async predict() {
          throw new UserError(`"${name}": expected tensors, which the model takes, but got a picture.`, INFER);
        },
        async infer(feeds, signal) {
          checkFeeds({ file: name, inputs }, feeds);
          const [results = {}] = await place.submit([feeds], signal);
          return results;
        },
        leave: () => place.leave(),
      };
    },
    close: () => lanes.close(),
  };
}

/** What to do with a model that takes no pictures. */
const INFER = "Send tensors to /v2/models/NAME/infer.";
