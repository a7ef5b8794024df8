/** A whole data set through a network, two batches at a time so that the engine is never idle. */
import { batches, type Dataset } from "../data/index.ts";
import { countMacs } from "../models/index.ts";
import { type Module, parameterCount } from "../nn/index.ts";
import type { EvaluateOptions, Evaluation } from "./network-trainer.ts";
import { evaluationOf } from "./step-results.ts";

/**
 * Multiply-accumulates for each weight from which constant weights pay, although they have to be compiled for this evaluation
 * alone. Measured with resnet18, alexnet, squeezenet1_0 and densenet121: compiling takes about 7 ms for each MB of weights, a
 * forward pass with constants 4.5 ms less for each 10⁹ multiply-accumulates.
 */
const PAYS_FROM = 6000;

/** Whether an evaluation of so many images [C, H, W] is faster with constant weights. */
export const paysConstants = (network: Module, inputShape: readonly number[], images: number): boolean =>
  PAYS_FROM * parameterCount(network) < images * countMacs(network, inputShape);

/** The answers to a data set by `logitsOf`: images [N, C, H, W], N at most `batchSize`, → logits [N, classes]. */
export async function evaluationBy(
  logitsOf: (images: Float32Array) => Promise<Float32Array>,
  dataset: Dataset,
  { batchSize, workers, onProgress }: EvaluateOptions & { readonly batchSize: number },
): Promise<Evaluation> {
  const underWay: { size: number; logits: Promise<Float32Array> }[] = [];
  const labels = new Int32Array(dataset.length);
  let logits = new Float32Array();
  let asked = 0;
  let done = 0;
  const finishOne = async (): Promise<void> => {
    const first = underWay.shift();
    if (!first) return;
    const rows = await first.logits;
    const classes = rows.length / first.size;
    if (done === 0) logits = new Float32Array(dataset.length * classes);
    logits.set(rows, done * classes);
    done += first.size;
    onProgress?.(done);
  };
  try {
    for await (const batch of batches(dataset, { batchSize, workers })) {
      underWay.push({ size: batch.size, logits: logitsOf(batch.images) });
      labels.set(batch.labels, asked);
      asked += batch.size;
      if (1 < underWay.length) await finishOne();
    }
    while (0 < underWay.length) await finishOne();
  } finally {
    await Promise.allSettled(underWay.map((batch) => batch.logits)); // after an error nobody else awaits them
  }
  return evaluationOf(logits, labels);
}
